/**
 * What the doc comment of a record's key says, put into its JSON Schema: one sentence serves whoever reads the source, whoever
 * writes TypeScript, and whoever opens the file in an editor. zod keeps the comments in the types that it infers.
 */
import { join } from "node:path";
import ts from "typescript";

interface Described {
  description?: string;
  properties?: Record<string, Described>;
  items?: Described;
  anyOf?: Described[];
}

/** A type that a file exports. */
export interface TypeName {
  file: string;
  name: string;
}

/** Reads the files together, once: that is what takes time. */
export function docComments(types: readonly TypeName[]): (type: TypeName, schema: object) => void {
  const root = join(import.meta.dirname, "..");
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(
    types.map(({ file }) => join(root, file)),
    options,
  );
  const checker = program.getTypeChecker();

  const describe = (schema: Described, type: ts.Type): void => {
    const element = checker.getIndexTypeOfType(type, ts.IndexKind.Number);
    if (schema.items !== undefined && element !== undefined) describe(schema.items, element);
    // A value that may be null: the other branch is the value's.
    for (const branch of schema.anyOf ?? []) describe(branch, checker.getNonNullableType(type));
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      const symbol = type.getProperty(key);
      if (symbol === undefined) continue;
      const said = ts.displayPartsToString(symbol.getDocumentationComment(checker)).replace(/\s+/g, " ");
      if (said !== "") property.description ??= said;
      describe(property, checker.getNonNullableType(checker.getTypeOfSymbol(symbol)));
    }
  };
  return ({ file, name }, schema) => {
    const source = program.getSourceFile(join(root, file));
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    const symbol = module === undefined ? undefined : checker.tryGetMemberInModuleExports(name, module);
    if (symbol === undefined) throw new Error(`${file}: expected the type ${name}, found none`);
    describe(schema, checker.getDeclaredTypeOfSymbol(symbol));
  };
}
