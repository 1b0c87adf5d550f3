/** The list of all formats of SAE files that Fathom reads. */
import { dictionaryLearning } from "./dictionary-learning.ts";
import { gemmaScope } from "./gemma-scope.ts";
import { gemmaScope2 } from "./gemma-scope-2.ts";
import { llamaScope } from "./llama-scope.ts";
import { llamaScopeR1 } from "./llama-scope-r1.ts";
import { qwenScope } from "./qwen-scope.ts";
import type { SaeFormat } from "./reading/format.ts";
import { saelens } from "./saelens/saelens.ts";
import { sparsify } from "./sparsify.ts";
import { topkPt } from "./topk-pt.ts";

export const saeFormats: readonly SaeFormat[] = [
  saelens,
  gemmaScope,
  gemmaScope2,
  llamaScope,
  llamaScopeR1,
  qwenScope,
  sparsify,
  dictionaryLearning,
  topkPt,
];
