/** Words that the findings of an anatomy share. */

export const answers = (count: number): string => (count === 1 ? "1 answer is" : `${count} answers are`);

export const howMany = (features: number): string =>
  features === 1 ? "one feature" : `${features} features`;
