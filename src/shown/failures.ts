/** Said where no failure of a run has a name. It must not read as a clean bill of health. */
export const noFailure =
  "None was shown: no change to the worse is found. What a change that is not found may still be stands with it.";
