import "@mantine/core/styles.css";
// Of the palette; a style that did not come is not asked for again.
import "@mantine/spotlight/styles.css";
import "./app.css";

import { MantineProvider, createTheme } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";

import { Refusal } from "./api/client";
import { App } from "./App";
import { ErrorBoundary } from "./ErrorBoundary";
import { Words } from "./i18n";

// For who is new, and nobody else.
const Welcome = lazy(() => import("./Welcome").then((module) => ({ default: module.Welcome })));
// `api` writes it into the page: the policy lets no other style in.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
// So does what keeps the page from scrolling behind a dialog; it asks for the nonce by this name.
(globalThis as Record<string, unknown>)["__webpack_nonce__"] = nonce;
const theme = createTheme({ primaryColor: "indigo", primaryShade: { light: 8, dark: 8 }, respectReducedMotion: true, cursorType: "pointer" });

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // What was refused is refused again; what did not come through may come through.
      retry: (failures, error) => failures < 3 && !(error instanceof Refusal && error.status >= 400 && error.status < 500),
    },
  },
});

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <Words>
        <ErrorBoundary>
          <QueryClientProvider client={queries}>
            {window.location.pathname === "/welcome" ? (
              <Suspense>
                <Welcome />
              </Suspense>
            ) : (
              <App />
            )}
          </QueryClientProvider>
        </ErrorBoundary>
      </Words>
    </MantineProvider>
  </StrictMode>,
);
