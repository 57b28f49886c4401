// The patient's page of a visit: draws what the socket tells, and asks every few seconds where there is none.
const told = JSON.parse(document.getElementById("told").textContent);
const element = (name) => document.getElementById(name);
const POLL = 5000, PULSE = 12_000, FRESH = 300_000;
const { words, language } = told;
let { status, position, destination } = told.state;
let pause = 1000, socket = null, polling = null, heard = false;

// What is said again and again is read aloud again and again.
function say(name, text) {
  if (element(name).textContent !== text) element(name).textContent = text;
}

function metres(from, to) {
  const north = (to.lat - from.lat) * 111_320;
  return { north, east: (to.lng - from.lng) * 111_320 * Math.cos((from.lat * Math.PI) / 180) };
}

function draw() {
  // What was said of a drive long ago says nothing of when it ends.
  const fresh = position && Date.now() - Date.parse(position.at) < FRESH;
  say("said", status === "under_way" && fresh && position.eta
    ? words.about.replace("{eta}", position.eta) : words[status]);
  say("seen", position && status !== "done"
    ? words.seen.replace("{time}", new Date(position.at).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" })) : "");
  const here = element("here"), home = element("home");
  here.toggleAttribute("hidden", !position);
  home.toggleAttribute("hidden", !destination);
  if (!position) return;
  const middle = destination ?? position;
  const { north, east } = metres(middle, position);
  const reach = Math.max(250, 250 * 2 ** Math.ceil(Math.log2(Math.max(1, Math.hypot(north, east)) / 250)));
  here.setAttribute("cx", (east / reach) * 90);
  here.setAttribute("cy", (-north / reach) * 90);
  say("scale", words.ring.replace("{reach}", reach < 1000 ? `${reach} m` : `${reach / 1000} km`));
  tiles(middle, reach);
}

// Only where the practice's operators have set an address of tiles; else nothing is loaded from anywhere.
function tiles(middle, reach) {
  if (!told.tiles) return;
  const across = 40_075_017 * Math.cos((middle.lat * Math.PI) / 180);
  const zoom = Math.max(1, Math.min(17, Math.floor(Math.log2(across / (reach * 2)))));
  const size = ((across / 2 ** zoom) / reach) * 90, sine = Math.sin((middle.lat * Math.PI) / 180);
  const x = ((middle.lng + 180) / 360) * 2 ** zoom;
  const y = (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 2 ** zoom;
  element("tiles").replaceChildren(...[-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => {
    const image = document.createElementNS("http://www.w3.org/2000/svg", "image");
    const [column, row] = [Math.floor(x) + right, Math.floor(y) + down];
    image.setAttribute("href", told.tiles.replace("{z}", zoom).replace("{x}", column).replace("{y}", row));
    for (const [name, value] of Object.entries({ x: (column - x) * size, y: (row - y) * size, width: size, height: size })) {
      image.setAttribute(name, value);
    }
    return image;
  })));
}

async function ask() {
  try {
    const answer = await fetch(`${location.pathname.replace(/\/$/, "")}/state`);
    if (answer.status === 404) { status = "done"; position = null; } else if (answer.ok) {
      const state = await answer.json();
      // The socket is back, and has told what is newer.
      if (polling === null) return;
      ({ status, position, destination } = state);
    }
    draw();
  } catch { /* asked again soon */ }
  if (status === "done") leave();
}

// The visit is over: nothing more is asked.
function leave() {
  clearInterval(polling);
  polling = null;
  say("link", "");
}

function hears({ data }) {
  heard = true;
  pause = 1000;
  clearInterval(polling);
  polling = null;
  say("link", "");
  const frame = JSON.parse(data);
  // Two processes may tell one after the other's.
  if (frame.type === "practitioner_location" && !(Date.parse(position?.at) > Date.parse(frame.at))) position = frame;
  if (frame.type === "visit_status") status = frame.status;
  draw();
}

function open() {
  heard = true;
  socket = new WebSocket(told.live, ["mybcat.v1", `visit.${told.token}`]);
  socket.onmessage = hears;
  socket.onclose = again;
}

function again() {
  socket = null;
  if (status === "done") return leave();
  polling ??= setInterval(ask, POLL);
  void ask();
  say("link", words.late);
  setTimeout(() => status !== "done" && open(), pause * (0.5 + Math.random() / 2));
  pause = Math.min(pause * 2, 30_000);
}

// Browsers take minutes to notice that a network was cut.
setInterval(() => {
  draw();
  if (socket === null) return;
  if (!heard) {
    socket.onclose = socket.onmessage = null;
    socket.close();
    return again();
  }
  heard = false;
  if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
}, PULSE);

draw();
if (status !== "done") open();
