/** Signing in; and whose session had ended in the middle, back to where they were. */

import { Refusal, refusal } from "./api/client";
import { personOf, type SignedIn } from "./session";

/** Throws Refusal. */
export async function signIn(email: string, password: string, kept: SignedIn | null): Promise<SignedIn> {
  const found = await posted("/api/auth/token", { email, password }, {});
  if (!kept || !same(found, kept) || found.practice.id === kept.practice.id) return found;
  // No longer a member there: then here.
  return posted("/api/auth/practice", { practice: kept.practice.id }, { Authorization: `Bearer ${found.accessToken}` }).catch(() => found);
}

export function same(one: SignedIn, other: SignedIn): boolean {
  return personOf(one) !== "" && personOf(one) === personOf(other);
}

async function posted(path: string, body: Record<string, string>, headers: Record<string, string>): Promise<SignedIn> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Refusal(0, "offline", "", "");
  }
  const found: unknown = await answer.json().catch(() => ({}));
  if (!answer.ok) throw refusal(found, answer);
  return found as SignedIn;
}
