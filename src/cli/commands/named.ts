/** How commands say what may be named: a path of this machine, or a repository of the Hugging Face hub. */
export const modelHelp =
  "a Hugging Face directory, a .gguf file, or org/name[@revision][:file.gguf] of the hub";
export const adapterHelp =
  "a LoRA adapter of PEFT's, a folder or org/name of the hub, computed beside the model and merged into nothing";
export const saeHelp = "a folder, the weights file in it, or org/name[@revision]:path of the hub";
export const formatHelp = "the file's format (default: recognized from the files' names)";
