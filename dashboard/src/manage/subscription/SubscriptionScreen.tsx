/** What the practice has subscribed to, what follows, and the way to Stripe's own pages. */

import { Alert, Button, Group, NativeSelect, Paper, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { api, told } from "../../api/client";
import { Failure } from "../../Failure";
import { useHere } from "../../here";
import { Loaded } from "../Loaded";
import { Page } from "../Page";
import { useMoment } from "../moment";
import { useWords } from "../words";
import { canSubscribe, good, PLANS, stateOf, type Plan, type Subscription } from "./state";
import { UsageOfPlan } from "./UsageOfPlan";

const ASKED_EVERY = 2000;
// Stripe tells us of a payment within seconds.
const WAITED_FOR = 60_000;

/** Stripe sends the browser back to `/settings/billing?checkout=done`. */
const PAID = "done";

export function SubscriptionScreen(): ReactNode {
  const { practice } = useHere();
  const { t } = useWords();
  const [since] = useState(Date.now);
  const [paid] = useState(() => new URLSearchParams(window.location.search).get("checkout") === PAID);
  const found = useQuery({
    queryKey: ["subscription", practice.id],
    queryFn: () => told(() => api.GET("/api/v2/billing/subscription")),
    staleTime: 0,
    refetchInterval: ({ state }) =>
      paid && state.data && canSubscribe(stateOf(state.data, Date.now())) && Date.now() - since < WAITED_FOR ? ASKED_EVERY : false,
  });
  return (
    <Page title={t("subscription")} hint={t("subscriptionHint")}>
      <Loaded query={found}>{(subscription) => <Shown subscription={subscription} paid={paid} />}</Loaded>
      <UsageOfPlan />
    </Page>
  );
}

function Shown({ subscription, paid }: { subscription: Subscription; paid: boolean }): ReactNode {
  const { t } = useWords();
  const when = useMoment();
  const state = stateOf(subscription, Date.now());
  const waits = paid && canSubscribe(state);
  const values = {
    trial: when(subscription.trialEndsAt),
    end: when(subscription.currentPeriodEnd),
    grace: when(subscription.graceUntil),
  };
  return (
    <>
      {waits ? (
        <Alert color="yellow" variant="outline" role="status">
          {t("paidWaits")}
        </Alert>
      ) : null}
      <Paper withBorder p="md">
        <Stack gap="sm">
          <Text fw={700} role="status" data-subscription={state}>
            <span className={`dot ${good(state)}`} aria-hidden /> {t(`subscription_${state}`)}
          </Text>
          <Text>{t(`subscriptionText_${state}`, values)}</Text>
          {canSubscribe(state) ? null : (
            <Text size="sm">
              {t("plan")}: {subscription.plan === "enterprise" ? t("plan_enterprise") : t("plan_standard")}
            </Text>
          )}
          <Text size="sm">
            {t(
              !subscription.bookingAllowed ? "bookingStopped" : subscription.bookingAllowedUntil ? "bookingUntil" : "bookingAllowed",
              { when: when(subscription.bookingAllowedUntil) },
            )}
          </Text>
          {canSubscribe(state) ? <Checkout plan={subscription.plan as Plan} /> : null}
          {subscription.status === "none" ? null : <Portal />}
        </Stack>
      </Paper>
    </>
  );
}

function goTo({ url }: { url: string }): void {
  window.location.assign(url);
}

function Checkout({ plan }: { plan: Plan }): ReactNode {
  const { t } = useWords();
  const [chosen, choose] = useState<Plan>(plan);
  // The same plan asked for again is the same page of Stripe's.
  const [key] = useState(() => crypto.randomUUID());
  const beginning = useMutation({
    mutationFn: () =>
      told(() =>
        api.POST("/api/v2/billing/checkout-session", {
          body: { plan: chosen },
          headers: { "X-Idempotency-Key": `${key}-${chosen}` },
        }),
      ),
    onSuccess: goTo,
  });
  return (
    <>
      <Group align="end" gap="sm">
        <NativeSelect
          label={t("plan")}
          value={chosen}
          onChange={(event) => choose(event.currentTarget.value as Plan)}
          data={PLANS.map((each) => ({ value: each, label: t(`plan_${each}`) }))}
        />
        <Button loading={beginning.isPending || beginning.isSuccess} onClick={() => beginning.mutate()}>
          {t("subscribe")}
        </Button>
      </Group>
      {beginning.error ? <Failure error={beginning.error} /> : null}
    </>
  );
}

function Portal(): ReactNode {
  const { t } = useWords();
  const opening = useMutation({ mutationFn: () => told(() => api.POST("/api/v2/billing/portal-session")), onSuccess: goTo });
  return (
    <>
      <Group gap="sm">
        <Button variant="default" loading={opening.isPending || opening.isSuccess} onClick={() => opening.mutate()}>
          {t("openPortal")}
        </Button>
        <Text size="sm" className="muted">
          {t("openPortalHint")}
        </Text>
      </Group>
      {opening.error ? <Failure error={opening.error} /> : null}
    </>
  );
}
