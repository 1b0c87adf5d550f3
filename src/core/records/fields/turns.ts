/** How the turn with the prompt is written where it is not the user's turn with the opening of the answer behind it. */
export const otherTurns = ["no-generation-prompt", "assistant", "system"] as const;
export type OtherTurn = (typeof otherTurns)[number];
