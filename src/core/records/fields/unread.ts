/** The rule that says of an answer that it is in a language which the judge does not read. It is the reason why such an answer has no label. */
export const unreadLanguageRule = "not-english";
