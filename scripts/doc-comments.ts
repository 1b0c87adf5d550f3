/**
 * Copies the doc comment of each key of a record into its JSON Schema. So the same sentence is shown in the source, to authors
 * of TypeScript and in editors that open the file. zod keeps the comments in the types that it infers.
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

/**
 * Reads all files once, together, because reading is slow.
 * @returns a function that adds the doc comments of a type to its schema
 */
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
    // If a value may be null, one branch of anyOf is null, and the other describes the value.
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
