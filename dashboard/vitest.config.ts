import { defineConfig } from "vitest/config";

// What needs no browser; the rest is in the product's own tests, with a real one.
export default defineConfig({ test: { include: ["tests/**/*.test.ts"], environment: "node" } });
