// A dashboard without a screen: follows the practice of a token, and writes down what it is told, a line each.
// node follow.ts http://127.0.0.1:8000 TOKEN
import { Live, type Missed, SignedOut, type Socket } from "../src/lib/live.ts";

const [base, token] = process.argv.slice(2) as [string, string];

async function ask<T>(method: string, path: string): Promise<T> {
  const answer = await fetch(base + path, { method, headers: { Authorization: `Bearer ${token}` } });
  if (answer.status === 401) throw new SignedOut();
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as T;
}

// Node's WebSocket takes headers; a browser says by itself where the page is from.
type WithHeaders = new (url: string, options: object) => Socket;

new Live({
  ticket: () => ask("POST", "/api/v2/live/tickets"),
  changes: (after) => ask<Missed>("GET", `/api/v2/changes?after=${after}`),
  onChange: ({ seq }) => console.log(seq),
  onResync: () => console.log("resync"),
  onState: (state) => console.log(state),
  open: (url, protocols) =>
    new (WebSocket as unknown as WithHeaders)(url, { protocols, headers: { Origin: base } }),
  after: 0,
  longestPause: 2_000,
  pollEvery: 1_000,
}).start();
