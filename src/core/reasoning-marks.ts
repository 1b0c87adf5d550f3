/**
 * The marks between which reasoning models write their thoughts. A model is asked under its own marks, and recorded text
 * may come from any model, so all known marks are in this one table.
 */

export interface ReasoningMarks {
  open: string;
  close: string;
  /** Models that write them, for readers of this table. */
  by: string;
  /** Where the marks were read. */
  source: string;
}

/** A mark may be one token of the vocabulary, several tokens, or text in ordinary tokens. */
export const reasoningMarks: readonly ReasoningMarks[] = [
  {
    open: "<think>",
    close: "</think>",
    by: "DeepSeek-R1 and its distills, Qwen3, QwQ, Phi-4-reasoning, SmolLM3, OLMo 3, GLM-4.5, Hunyuan",
    source: "vLLM, vllm/reasoning/{deepseek_r1,qwen3,olmo3,hunyuan_a13b}_reasoning_parser.py",
  },
  {
    open: "[THINK]",
    close: "[/THINK]",
    by: "Magistral 1.1 and later, Ministral 3 Reasoning",
    source: "vLLM, vllm/reasoning/mistral_reasoning_parser.py",
  },
  {
    open: "<|channel>thought",
    close: "<channel|>",
    by: "Gemma 4",
    source: "Transformers, tests/models/gemma4; vLLM, vllm/reasoning/gemma4_reasoning_parser.py",
  },
  {
    open: "<seed:think>",
    close: "</seed:think>",
    by: "Seed-OSS",
    source: "vLLM, vllm/reasoning/seedoss_reasoning_parser.py",
  },
  {
    open: "<|START_THINKING|>",
    close: "<|END_THINKING|>",
    by: "Command A Reasoning, Command R7B",
    source: "vLLM, vllm/reasoning/cohere_command_reasoning_parser.py; llama.cpp, common/chat.cpp",
  },
  {
    // The final channel is the answer. The end of the analysis ("<|end|><|start|>assistant") counts as thought.
    open: "<|channel|>analysis<|message|>",
    close: "<|channel|>final<|message|>",
    by: "gpt-oss",
    source: "vLLM, vllm/reasoning/gptoss_reasoning_parser.py; OpenAI's harmony format",
  },
  {
    open: "◁think▷",
    close: "◁/think▷",
    by: "Kimi-VL-Thinking",
    source: "SGLang, docs/advanced_features/separate_reasoning",
  },
  {
    open: "<|inner_prefix|>",
    close: "<|inner_suffix|>",
    by: "Apertus",
    source: "vLLM, vllm/reasoning/apertus_reasoning_parser.py",
  },
  {
    open: "<|begin_of_thought|>",
    close: "<|end_of_thought|>",
    by: "OpenThinker, Sky-T1, STILL",
    source: "the OpenThoughts-114k data set",
  },
  {
    open: "<thought>",
    close: "</thought>",
    by: "EXAONE Deep",
    source: "the chat template of EXAONE-Deep",
  },
];
