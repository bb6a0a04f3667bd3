// The tests of lib/player/js/*.js, in the Chromium on this machine, cut off from the network.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright";
import { defineConfig } from "vitest/config";

const folders = process.env.PATH.split(delimiter);
const found = ["chromium", "chromium-browser", "google-chrome"].flatMap((name) =>
  folders.map((folder) => join(folder, name)),
);
const executablePath = [...found, chromium.executablePath()].find(existsSync);
if (!executablePath) {
  console.error("no Chromium found: apt-get install chromium, or npx playwright install chromium in tests/player");
  process.exit(1);
}
const args = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

export default defineConfig({
  server: { fs: { allow: ["../.."] } },
  test: {
    browser: {
      enabled: true,
      provider: "playwright",
      headless: true,
      screenshotFailures: false,
      api: { host: "127.0.0.1" },
      viewport: { width: 900, height: 700 },
      instances: [{ browser: "chromium", launch: { executablePath, args } }],
    },
  },
});
