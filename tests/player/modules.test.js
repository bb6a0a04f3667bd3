import { expect, test } from "vitest";

const names = (files) => Object.keys(files).map((file) => file.match(/(\w+)(\.test)?\.js$/)[1]);

test("every module has a test file; what main.js wires is seen in tests/browser/test_player.py", () => {
  const modules = names(import.meta.glob(["../../lib/player/js/*.js", "!**/main.js"]));
  const tested = names(import.meta.glob(["./*.test.js", "!./modules.test.js"]));
  expect(tested).toEqual(modules);
});
