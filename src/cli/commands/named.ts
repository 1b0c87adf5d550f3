/** Help texts of options that take a path on this machine or a repository of the Hugging Face hub. */
export const modelHelp =
  "a Hugging Face directory, a .gguf file, or org/name[@revision][:file.gguf] of the hub";
export const adapterHelp =
  "a LoRA adapter of PEFT's over the model: a folder, or org/name of the hub; it is not merged into the weights";
export const saeHelp = "a folder, the weights file in it, or org/name[@revision]:path of the hub";
export const formatHelp = "the file's format (default: recognized from the files' names)";
export const judgesHelp =
  "who judges, with commas between: rules, PRESET=CHECKPOINT for a language model; or a YAML file with the key judges";
