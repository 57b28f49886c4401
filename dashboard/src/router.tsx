/** Which screen an address shows. All but the desk is loaded when it is first gone to. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Navigate } from "@tanstack/react-router";

import { Desk } from "./desk/Desk";
import { Mistake } from "./ErrorBoundary";
import { useHere } from "./here";

const root = createRootRoute({ notFoundComponent: () => <Navigate to="/" /> });
const room = createRoute({
  getParentRoute: () => root,
  id: "room",
  component: lazyRouteComponent(() => import("./manage/Room"), "Room"),
});

const routeTree = root.addChildren([
  createRoute({
    getParentRoute: () => root,
    path: "/",
    component: function DeskHere() {
      return <Desk signedIn={useHere()} />;
    },
  }),
  createRoute({
    getParentRoute: () => root,
    // Where Stripe's pages send the browser back to.
    path: "/settings/billing",
    component: () => <Navigate to="/manage/subscription" search={true} replace />,
  }),
  room.addChildren([
    createRoute({
      getParentRoute: () => room,
      path: "/manage/texts",
      component: lazyRouteComponent(() => import("./manage/bulk/Texts"), "Texts"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/visits",
      component: lazyRouteComponent(() => import("./manage/visits/Visits"), "Visits"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/templates",
      component: lazyRouteComponent(() => import("./manage/templates/Templates"), "Templates"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/protocols",
      component: lazyRouteComponent(() => import("./manage/protocols/Protocols"), "Protocols"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/reports",
      component: lazyRouteComponent(() => import("./manage/reports/Reports"), "Reports"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/hours",
      component: lazyRouteComponent(() => import("./manage/hours/Hours"), "Hours"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/types",
      component: lazyRouteComponent(() => import("./manage/types/Types"), "Types"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/locations",
      component: lazyRouteComponent(() => import("./manage/places/Places"), "Places"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/rooms",
      component: lazyRouteComponent(() => import("./manage/rooms/Rooms"), "Rooms"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/people",
      component: lazyRouteComponent(() => import("./manage/members/People"), "People"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/access",
      component: lazyRouteComponent(() => import("./manage/access/AccessScreen"), "AccessScreen"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/subscription",
      component: lazyRouteComponent(() => import("./manage/subscription/SubscriptionScreen"), "SubscriptionScreen"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/notices",
      component: lazyRouteComponent(() => import("./manage/notices/Notices"), "Notices"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/webhooks",
      component: lazyRouteComponent(() => import("./manage/webhooks/Webhooks"), "Webhooks"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/dead-letters",
      component: lazyRouteComponent(() => import("./manage/deadletters/DeadLetters"), "DeadLetters"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/clients",
      component: lazyRouteComponent(() => import("./manage/clients/Clients"), "Clients"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/feeds",
      component: lazyRouteComponent(() => import("./manage/feeds/Feeds"), "Feeds"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/imports",
      component: lazyRouteComponent(() => import("./manage/imports/Imports"), "Imports"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/blocks",
      component: lazyRouteComponent(() => import("./manage/blocks/Blocks"), "Blocks"),
    }),
    createRoute({
      getParentRoute: () => room,
      path: "/manage/automatic",
      component: lazyRouteComponent(() => import("./manage/automatic/Automatic"), "Automatic"),
    }),
  ]),
]);

// Or its own words would stand before ours, in English.
export const router = createRouter({ routeTree, defaultErrorComponent: Mistake });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
