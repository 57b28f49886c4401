/** What the practice's subscription comes to: its state in one word, and what can be done about it. */

import type { Schemas } from "../../api/client";

export type Subscription = Schemas["SubscriptionOutput"];
export type Plan = Schemas["CheckoutInputRequest"]["plan"];

export const PLANS: Plan[] = ["standard", "enterprise"];

export type State =
  | "trial"
  | "trialOver"
  | "trialing"
  | "active"
  | "ending"
  | "pastDue"
  | "graceOver"
  | "unpaid"
  | "paused"
  | "incomplete"
  | "cancelled"
  | "none";

const OF_STRIPE: Record<string, State> = {
  unpaid: "unpaid",
  paused: "paused",
  incomplete: "incomplete",
  incomplete_expired: "incomplete",
  canceled: "cancelled",
};

export function stateOf(subscription: Subscription, now: number): State {
  const { status, trialEndsAt, graceUntil, cancelAtPeriodEnd } = subscription;
  if (status === "active" || status === "trialing") return cancelAtPeriodEnd ? "ending" : status;
  if (status === "past_due") return graceUntil !== null && Date.parse(graceUntil) > now ? "pastDue" : "graceOver";
  if (status !== "none") return OF_STRIPE[status] ?? "none";
  if (trialEndsAt === null) return "none";
  return Date.parse(trialEndsAt) > now ? "trial" : "trialOver";
}

/** Whether Stripe's portal is where it is mended, or a first payment is. The API refuses a second subscription. */
export function canSubscribe(state: State): boolean {
  return !["active", "trialing", "ending", "pastDue", "graceOver"].includes(state);
}

export type Usage = Schemas["UsageOutput"]["requestsToday"];

/** How much of it is used, in whole percent that never say more than there is, nor 100 before it is. */
export function percent({ used, limit }: { used: number; limit: number }): number {
  return Math.min(Math.floor((100 * used) / limit), 100);
}

const NEAR = 80;

export function roomOf(usage: { used: number; limit: number }): "room" | "near" | "over" {
  if (usage.used >= usage.limit) return "over";
  return percent(usage) >= NEAR ? "near" : "room";
}

export function good(state: State): "teal" | "yellow" | "red" {
  if (state === "active" || state === "trialing") return "teal";
  return ["none", "trial", "ending", "pastDue"].includes(state) ? "yellow" : "red";
}
