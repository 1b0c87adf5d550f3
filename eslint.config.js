import tseslint from "typescript-eslint";

/** One way to hide a member: `#name`. Only a constructor still needs the keyword. */
const hiddenByName = {
  selector:
    ":matches(PropertyDefinition, MethodDefinition[kind!='constructor']):matches([accessibility='private'], [accessibility='protected'])",
  message: "Write #name.",
};

// It holds %20 for a space, and /C:/ on Windows.
const pathOfUrl = {
  selector:
    "MemberExpression[property.name='pathname'] > NewExpression[callee.name='URL'] > MemberExpression[object.type='MetaProperty']",
  message: "A URL's pathname is no path. Use fileURLToPath.",
};

export default tseslint.config(
  { ignores: ["node_modules", "build", "dist", "runs", "scripts/*.mjs", "bin", "**/fixtures/**"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ["./tsconfig.json", "./web/tsconfig.json"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // Numbers in messages are the point of half of our templates.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // Numeric loops index arrays whose bounds they have just computed; `!` there says "in range by construction".
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unused-vars": ["error", { varsIgnorePattern: "^_", argsIgnorePattern: "^_" }],
      "no-console": "error",
      "no-restricted-syntax": ["error", hiddenByName, pathOfUrl],
      "no-restricted-imports": [
        "error",
        {
          paths: [
            { name: "onnxruntime-node", message: "Import src/model/ort/ort.ts: its telemetry is off." },
          ],
          patterns: ["onnxruntime-node/*"],
        },
      ],
    },
  },
  {
    // Names and answers of strangers would steer a terminal: one writer shows them escaped.
    files: ["src/cli/**"],
    ignores: ["src/cli/terminal/terminal.ts", "src/cli/doctor/device-probe.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        hiddenByName,
        pathOfUrl,
        {
          selector: "MemberExpression[property.name='write'] > MemberExpression[object.name='process']",
          message:
            "Print through src/cli/terminal/output.ts, or complain through src/cli/terminal/failure.ts.",
        },
      ],
    },
  },
  { files: ["src/model/ort/ort.ts"], rules: { "no-restricted-imports": "off" } },
  { files: ["**/*.test.ts", "bench/**"], rules: { "no-console": "off" } },
);
