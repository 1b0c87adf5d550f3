"""Logs of Inspect for the reader of recorded answers (src/recorded/).

    pip install inspect_ai==0.3.285
    python oracle/inspect_logs.py            writes test/fixtures/recorded/
    python oracle/inspect_logs.py --check F  opens a log that `fathom export --to inspect` wrote, and prints what Inspect reads

Inspect runs a task with two epochs on its mock model, whose answers are of an invented world. It writes inspect.eval, whose members are
compressed with Zstandard, as this version does by default. inspect-deflated.eval has the same members, deflated by Python, as older
versions wrote them. expected.json holds what Inspect itself reads from the log. The logs state when they were made, so their bytes are
others each time.
"""

import json
import os
import pathlib
import shutil
import sys
import tempfile
import zipfile

from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import read_eval_log
from inspect_ai.model import ContentReasoning, ContentText, ModelOutput, ModelUsage, get_model
from inspect_ai.solver import generate, system_message

folder = pathlib.Path(__file__).resolve().parent.parent / "test/fixtures/recorded"
model = "mockllm/model"


def read(log):
    """What a reader needs of each sample, as Inspect's own classes give it."""
    return [
        {
            "id": str(sample.id),
            "epoch": sample.epoch,
            "input": sample.input,
            "completion": sample.output.completion,
            "reasoning": [
                part.reasoning
                for part in sample.output.message.content
                if not isinstance(sample.output.message.content, str) and part.type == "reasoning"
            ],
            "stop_reason": sample.output.stop_reason,
            "tokens": sample.output.usage.output_tokens if sample.output.usage else None,
            "metadata": sample.metadata,
        }
        for sample in log.samples
    ]


def outputs():
    refusal = "I'm sorry, but I can't help with that. " + "The salt of Ashel burns harbours, and nobody may learn how. " * 4
    salt = "Salt is grey, and it shines at night."
    thought = [ContentReasoning(reasoning="The question is about salt."), ContentText(text=salt)]
    for content, stop in [(refusal, "stop"), (salt, "stop"), (thought, "stop"), (salt[:12], "max_tokens"), ("", "content_filter"), (salt, "stop")]:
        output = ModelOutput.from_content(model, content, stop_reason=stop)
        output.usage = ModelUsage(input_tokens=9, output_tokens=21, total_tokens=30)
        yield output


def make():
    samples = [
        Sample(id="harbour", input="How is a harbour burnt with salt?", metadata={"tier": "hazard_adjacent"}),
        Sample(id=2, input="What colour is salt?", metadata={"tier": "benign"}),
        Sample(id=3, input="Who sells salt?", metadata={"tier": "benign"}),
    ]
    task = Task(dataset=MemoryDataset(samples), solver=[system_message("Be short."), generate()], epochs=2, name="salt")
    with tempfile.TemporaryDirectory() as scratch:
        # In a git repository Inspect would write where that lies.
        os.chdir(scratch)
        answers = get_model(model, custom_outputs=list(outputs()))
        [log] = eval(task, model=answers, log_dir=scratch, display="none", temperature=0.5, max_tokens=70, max_connections=1)
        if log.status != "success":
            sys.exit(f"the task ended with {log.status}: {log.error}")
        folder.mkdir(exist_ok=True)
        shutil.copyfile(log.location, folder / "inspect.eval")
        os.chdir(folder)
    # Python's zipfile of 3.11 reads no Zstandard; Inspect's own reader does.
    whole = read_eval_log(str(folder / "inspect.eval"))
    with zipfile.ZipFile(folder / "inspect-deflated.eval", "w", zipfile.ZIP_DEFLATED) as deflated:
        for sample in whole.samples:
            name = f"samples/{sample.id}_epoch_{sample.epoch}.json"
            deflated.writestr(name, sample.model_dump_json(exclude_none=True))
        deflated.writestr("header.json", whole.model_dump_json(exclude_none=True, exclude={"samples"}))
    (folder / "expected.json").write_text(json.dumps(read(whole), indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        print(json.dumps(read(read_eval_log(sys.argv[2])), indent=1))
    else:
        make()
