import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `api` serves what is built, under the address of its static files, and the page itself with its own headers.
export default defineConfig({
  base: "/static/dashboard/",
  plugins: [react()],
  build: {
    outDir: "dist",
    target: "es2022",
    // The oldest that know light-dark(): what would replace it does not follow the scheme that was chosen on the page.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // From it a test knows what a route loads.
    manifest: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
});
