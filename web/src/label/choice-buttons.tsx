/** Buttons of one question. Each shows its key, its name and what it means. */

interface ChoiceButtonsProps<T extends string> {
  name: string;
  choices: readonly { value: T; key: string; name: string; means: string }[];
  /** null where a choice is sent at once, or where nothing is chosen yet. */
  chosen: T | null;
  /** Whether a choice stays pressed until the label is given. */
  stays?: boolean;
  /** Whether the buttons are narrow. */
  few?: boolean;
  onChoose: (value: T) => void;
}

export function ChoiceButtons<T extends string>({
  name,
  choices,
  chosen,
  stays = false,
  few = false,
  onChoose,
}: ChoiceButtonsProps<T>) {
  return (
    <fieldset className={few ? "choices few" : "choices"}>
      <legend className="for-readers">{name}</legend>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          aria-keyshortcuts={choice.key}
          {...(stays ? { "aria-pressed": choice.value === chosen } : {})}
          onClick={() => {
            onChoose(choice.value);
          }}
        >
          <kbd>{choice.key}</kbd>
          <span className="name">{choice.name}</span>
          <span className="means">{choice.means}</span>
        </button>
      ))}
    </fieldset>
  );
}
