// What ESLint asks of lib/player/js and of its tests; run from the project's folder.

import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-self-compare": "off", // a !== a: NaN
      "no-sequences": "error",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  { files: ["**/vitest.config.js"], languageOptions: { globals: globals.node } },
];
