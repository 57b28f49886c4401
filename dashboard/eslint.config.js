import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import typescript from "typescript-eslint";

export default typescript.config(
  { ignores: ["**/api/schema.d.ts", "**/node_modules/**", "**/dist/**"] },
  ...typescript.configs.recommended,
  a11y.flatConfigs.recommended,
  {
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      // Where a dialog or a list opens, the focus goes to what is done first in it (WCAG 2.4.3).
      "jsx-a11y/no-autofocus": "off",
      // The TypeScript compiler says so itself.
      "@typescript-eslint/no-unused-vars": "off",
    },
  },
);
