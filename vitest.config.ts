import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Each process may hold inference sessions: two at a time, on a two-core machine. One at a time takes twice
    // as long; engines of two threads beside each other cost a tenth more processor time than engines of one.
    pool: "forks",
    maxWorkers: 2,
    // Dozens of tests start the command line: with its modules compiled once, they take a third less processor time.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/node-compile") },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: "src",
          include: ["src/**/*.test.ts"],
          exclude: ["src/hub/**"],
          // Two processes read all these files one after another, and compile what they test once.
          isolate: false,
        },
      },
      {
        extends: true,
        // A process for each file: these start programs, or the module that they test is set up for one hub.
        test: { name: "whole", include: ["src/hub/**/*.test.ts", "test/**/*.test.ts"] },
      },
    ],
  },
});
