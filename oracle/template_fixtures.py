"""Renders chat templates with jinja2, set up as Transformers does.

    python oracle/template_fixtures.py            -> test/fixtures/templates/

snippets.json  [{template, text} or {template, refused: true}]: one feature of Jinja each, rendered with the messages below.
               `refused` says that jinja2 raises; the words of the error are its own.
chats.json     {chats, templates: [{name, template, special, rows: [text, or {refused: message}]}]}: templates written for
               this fixture with the features of published ones (named with each). Two rows for each chat of
               hard_strings.py: with the generation prompt and without. strftime_now uses the fixed clock that Fathom gives to templates.
"""

import datetime
import json
from pathlib import Path

from transformers.utils import chat_template_utils
from transformers.utils.chat_template_utils import _compile_jinja_template, render_jinja_template

from hard_strings import CHATS

out = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "templates"


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26, 12, 0, 0)


chat_template_utils.datetime = Clock

MESSAGES = [
    {"role": "system", "content": "  Be brief. \n"},
    {"role": "user", "content": "\ufeff\x1c Hé said: \"it's 2 < 3\"\n\n\tand 👍🏽 ﬁ\x85"},
    {"role": "assistant", "content": "one, two,,three \n"},
]

SNIPPETS = r"""
a{% if true %}
b
{% endif %}
c
===
x
  {% if true %}  
  y
  {%- endif %}
z
===
  {{ 1 }}
  {{- 2 -}}
  3
===
a {#- c -#} b {# d #}
e
{#+ f +#}
g
===
a
   {%+ if true %}b{% endif +%}
c
===
{% raw %}
  {{ x }} {% if %}
{% endraw %}
d
===
{%- raw -%}  {{ y }}  {%- endraw -%}  e
===
{{ '{{' }} {{ "%}" }} {{ {"a": {"b": 1}}["a"]["b"] }} {{ {'a': {'b': 2}} }}
===
{{ 'a\nb\t\'\"\\ \x41 \u00e9 \d \101' }}
===
{{ "a" "b" 'c' }}
===
{{ messages[0].content | trim }}|{{ messages[1].content | trim }}|{{ messages[2].content.strip('o, \n') }}
===
{{ messages[1]['content'].strip() }}|{{ messages[1].content.lstrip('\ufeff') }}|{{ messages[0].content.rstrip('\n') }}|
===
{{ messages[1].content | length }} {{ messages[1].content[-3:] }} {{ messages[1].content[2] }} {{ messages[1].content[::-1] | length }}
===
{{ messages[2].content.split(',') }} {{ messages[2].content.split() }} {{ messages[2].content.split(',', 1) }} {{ messages[2].content.rsplit(',', 1) }} {{ 'a  b c'.split(None, 1) }}
===
{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'bc')) }} {{ 'abc'.find('c') }} {{ 'abc'.find('x') }} {{ 'aXbX'.replace('X', '-', 1) }} {{ 'aba'.count('a') }}
===
{{ 'hello wORLD it\'s'.title() }} {{ 'hello wORLD it\'s (me) a-b' | title }} {{ 'hELLO'.capitalize() }} {{ 'ǆx' | capitalize }} {{ 'ß' | upper }} {{ 'İ' | lower | length }} {{ 'ΑΣ' | lower }}
===
{{ none }} {{ true }} {{ false }} {{ 1 }} {{ 2.0 }} {{ 0.1 + 0.2 }} {{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 3 ** 2 }} {{ 1e20 }} {{ 1_000 }} {{ 0x1F }}
===
{{ [1, 'a', none, true, 2.5, ['x', ()], (1,), {'k': 'v'}] }} {{ "it's" | list }} {{ ['it\'s', 'a"b', "a\"b'c", '\n\x00é\u200b\U0001F600'] }}
===
{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ '5' ~ 6 ~ none ~ 1.5 }} {{ 'ab' * 3 }} {{ [1] * 2 + [3] }} {{ 1 ~ 2 ~ 3 + '4' }} {{ -1 | abs }} {{ -3 ** 2 }}
===
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' != 'b' }} {{ [1, 2] == [1, 2] }} {{ (1, 2) == [1, 2] }} {{ 'a' < 'b' }} {{ {'a': 1} == {'a': 1} }}
===
{{ 'a' in 'cat' }} {{ 'x' not in ['x'] }} {{ 'role' in messages[0] }} {{ not 'a' in 'b' }} {{ 1 in [1.0] }} {{ not true or true }} {{ 1 and 0 or 'x' }} {{ '' or none }}
===
{{ 'y' if messages else 'n' }} {{ 'y' if false }}| {{ 1 if 0 else 2 if 0 else 3 }} {{ ('a' if x is defined else 'b') }} {{ x if x is defined and x else 'none' }}
===
{{ x }}|{{ x | default('d') }} {{ none | default('d') }} {{ none | default('d', true) }} {{ '' | d('e', boolean=true) }} {{ x is undefined }} {{ messages[9] is defined }} {{ messages[0].nope is defined }} {{ x | length }}
===
{{ x.y }}
===
{{ messages[9].content }}
===
{{ x + 'a' }}
===
{{ 'a' + 1 }}
===
{{ 'a' + none }}
===
{{ 1 / 0 }}
===
{{ [1] < ['a'] }}
===
{{ foo('a') }}
===
{{ messages | nofilter }}
===
{{ 1 is notest }}
===
{% for c in 'añ👍' %}{{ c }}.{% endfor %}{% for k in {'b': 1, 'a': 2} %}{{ k }}{% endfor %}{% for k, v in {'b': 1}.items() %}{{ k }}{{ v }}{% endfor %}{% for i in x %}no{% else %}empty{% endfor %}
===
{% for i in range(3) %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a', 'b') }}{{ loop.changed(i // 2) }} {% endfor %}
===
{% for i in range(10) if i is odd %}{% if i == 5 %}{% continue %}{% endif %}{% if i == 9 %}{% break %}{% endif %}{{ i }}/{{ loop.length }} {% else %}none{% endfor %}
===
{% for i in [1, 2] %}{% for j in [3, 4] %}{{ loop.index }}{% if j == 4 %}{% break %}{% endif %}{% endfor %}{{ loop.index }}{% endfor %}
===
{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = 5 %}{{ x }}{% endfor %}{{ x }}
===
{% for i in [1, 2] %}{{ y }}{% set y = i %}{{ y }}{% endfor %}{{ y }}
===
{% if true %}{% set x = 2 %}{% endif %}{{ x }}{% set a, b = (1, 2) %}{{ a }}{{ b }}{% set c = 1, 2 %}{{ c }}
===
{% set ns = namespace(found=false, n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% if m.role == 'user' %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.found }}{{ ns.n }}{{ ns.nope is defined }}
===
{% set ns = namespace() %}{% set ns._x = 1 %}
===
{% set messages.x = 1 %}
===
{% set t %}  a {{ 1 + 1 }}
{% endset %}[{{ t }}]{% set u | trim | upper %} b {% endset %}[{{ u }}]
===
{% filter upper | replace('A', 'x') %}abc{{ 'd' }}{% endfilter %}
===
{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}
===
{% macro m(a, b='d', c) %}x{% endmacro %}
===
{% macro m(a, b='d', c=b) %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}{{ m(1) }} {{ m(1, 2) }} {{ m(b=3, a=1) }} {{ m() }} {{ m(1) | upper }} {{ m('x').startswith('x') }}
===
{% set v = 'outer' %}{% macro m() %}{{ v }}{% endmacro %}{% for v in ['inner'] %}{{ m() }}{% endfor %}{% set v = 'later' %}{{ m() }}
===
{% macro m(x) %}{% if x > 0 %}{{ x }}{{ m(x - 1) }}{% endif %}{% endmacro %}{{ m(3) }}
===
{% macro m() %}[{{ caller('z') }}]{% endmacro %}{% call(q) m() %}q={{ q }}{% endcall %}
===
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}
===
{% generation %} g {{ 1 }}
{% endgeneration %}h{%- generation -%} i {%- endgeneration -%} j
===
{{ messages | tojson }}
===
{{ {'b': [1, 2.0, none, true], 'a': {'é': '<\u2028"\\\n\x7f👍'}} | tojson(indent=2) }} {{ {'b': 1, 'a': [], 'c': {}} | tojson(sort_keys=true, indent=4) }} {{ {'é': 1} | tojson(ensure_ascii=true, separators=(',', ':')) }} {{ (1, 2) | tojson }}
===
{{ x | tojson }}
===
{{ messages | map(attribute='role') | join(', ') }} {{ messages | selectattr('role', 'equalto', 'user') | map(attribute='role') | list }} {{ messages | rejectattr('role', 'in', ['user', 'system']) | list | length }} {{ messages | selectattr('nope', 'undefined') | list | length }} {{ messages | selectattr('nope') | list }}
===
{{ [3, 1, 2] | sort }} {{ ['b', 'A', 'c'] | sort }} {{ ['b', 'A'] | sort(case_sensitive=true, reverse=true) }} {{ [1, 2, 1] | unique | list }} {{ [1, 5, 3] | max }} {{ [1, 5] | min }} {{ [1, 2.5] | sum }} {{ [1, 2] | first }} {{ [1, 2] | last }} {{ [] | first }} {{ [1, 2] | reverse | list }} {{ 'abc' | reverse }}
===
{{ ['a', 'b'] | map('upper') | join('-') }} {{ [1, 2, 3] | select('odd') | list }} {{ [0, 1] | reject | list }} {{ ['1', 'x', '2.7'] | map('int') | list }} {{ '3.5' | float }} {{ 3.7 | int }} {{ 2.5 | round }} {{ 2.567 | round(2) }} {{ 'x' | int(7) }}
===
{{ {'b': 1, 'A': 2} | dictsort }} {{ {'b': 1, 'a': 2} | dictsort(by='value') }} {{ {'a': 1} | items | list }} {{ {'a': 1}.get('b', 'c') }} {{ {'a': 1}.get('b') }} {{ {'a': 1}.keys() | list }} {{ {'a': 1}.values() | list }} {{ {'items': 5}['items'] }} {{ dict(a=1) }}
===
{{ "a\nb\n\nc" | indent(2) }}|{{ "a\nb\n\nc" | indent(2, true, true) }}|{{ 'a\n' | indent }}|{{ "x y  z" | wordcount }}|{{ "a" | replace("", "-") }}|{{ "aaa" | replace("a", "b", 2) }}
===
{{ 1 is number }} {{ 1.0 is integer }} {{ 1.0 is float }} {{ true is number }} {{ true is integer }} {{ 'a' is string }} {{ {} is mapping }} {{ [] is sequence }} {{ 'a' is iterable }} {{ 1 is iterable }} {{ none is none }} {{ true is true }} {{ 1 is true }} {{ range is callable }} {{ 4 is divisibleby 2 }} {{ 4 is divisibleby(3) }} {{ 3 is odd }} {{ 1 is eq 1 }} {{ 1 is not none }} {{ 'a' is in 'abc' }} {{ 'A' is upper }} {{ x is not defined }} {{ 1 is gt 0 }} {{ none is sameas none }}
===
{{ messages[0]['role'] }}{{ messages[0].role }}{{ messages.0.role }}{{ messages[-1].role }}{{ messages[1:] | length }}{{ messages[:-1] | length }}{{ messages[::2] | length }}{{ messages[::-1][0].role }}{{ 'abc'[5:] }}{{ 'abc'[-10:2] }}
===
{{ strftime_now('%d %b %Y') }} {{ strftime_now('%Y-%m-%d %H:%M:%S %A %B %j %-d %y %I%p') }}
===
{{ raise_exception('no') }}
===
{{ ''.__class__ }}
===
{{ messages.__class__.__mro__ }}
===
{{ messages['__class__'] }}
===
{{ ''.__class__.__mro__ }}
===
{{ ''['__class__']['__mro__'] }}
===
{{ {'_a': 1}._a }}{{ {'_a': 1}['_a'] }}{{ messages | map(attribute='__class__') | list | length }}
===
{{ messages[0]['constructor'] }}|{{ messages[0].constructor }}|{{ messages[0].__proto__ is defined }}|{{ ''.constructor }}|{{ constructor }}|{{ toString }}|{{ __proto__ }}
===
{{ messages.append(1) }}
===
{{ messages[0].update({'a': 1}) }}
===
{{ range(100001) | length }}
===
{% for i in range(10, 0, -3) %}{{ i }} {% endfor %}{{ range(2, 5) | list }}
===
{{ loop }}{{ 'ßa' | capitalize }}{{ 'ﬁx ანა'.title() }}{{ {'a': none}.get('a', 1) }}{{ [none] | first }}{{ [none][0] is none }}{{ {'a': none}.a is none }}
===
{{ 'a' if 'b' if 0 else 1 else 'c' }}
===
{{ [1, 2,] }}{{ {'a': 1,} }}{{ (1,) }}{{ () }}
===
{{ [x for x in y] }}
===
{% if %}{% endif %}
===
{% endif %}
===
{% if true %}
===
{{ 'unclosed }}
===
{{ 1 + }}
===
{% unknown %}
===
{{ messages[2].content | trim | upper ~ '!' }} {{ (messages[2].content | trim).upper() }} {{ messages | length > 2 }} {{ not messages[0].content is none and true }}
===
{% set m = messages %}{% set m = m[1:] %}{% if m[0].role == 'user' and m | length == 2 or false %}ok{% elif true %}no{% else %}no{% endif %}
===
{{ {'a': 1, 'a': 2} }} {{ {1: 'x', true: 'y'} }} {{ {none: 1} | tojson }} {{ [none, true, 1.0] | string }}
===
{{ 'a,b'.split(',')[1] }}{{ 'a</think>b</think>c'.split('</think>')[-1].lstrip('\n') }}{{ ('x' ~ 'y').upper() }}{{ 'xyx'.removeprefix('x').removesuffix('x') }}{{ ' '.join(['a', 'b']) }}{{ '12'.isdigit() }}{{ ' '.isspace() }}{{ 'a\r\nb\x0bc'.splitlines() }}
""".strip("\n").split("\n===\n")

TEMPLATES = [
    ("ChatML with a default system turn (Qwen 2.5, SmolLM2)", {"eos_token": "<|im_end|>"}, """\
{%- if messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- else %}
    {{- '<|im_start|>system\\nYou help.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""),
    ("thinking that is dropped from earlier turns, namespace, reversed loop (Qwen 3)", {"eos_token": "<|im_end|>"}, """\
{%- set ns = namespace(seek=true, last=messages | length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages | length - 1) - loop.index0 %}
    {%- if ns.seek and message.role == "user" and not(message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
        {%- set ns.seek = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.role == "assistant" %}
        {%- set content = message.content %}
        {%- set thought = '' %}
        {%- if message.reasoning_content is defined and message.reasoning_content is not none %}
            {%- set thought = message.reasoning_content %}
        {%- elif '</think>' in message.content %}
            {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
            {%- set thought = message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last and (loop.last or thought) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""),
    ("a date, content trimmed, a system turn always (Llama 3.x)", {"bos_token": "<|begin|>", "eos_token": "<|eot|>"}, """\
{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- The system message is taken out here. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|header|>system<|/header|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Tools\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
    {%- endfor %}
{%- endif %}
{{- "Today: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|header|>' + message['role'] + '<|/header|>\\n\\n'+ message['content'] | trim + '<|eot|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|header|>assistant<|/header|>\\n\\n' }}
{%- endif %}
"""),
    ("the system turn goes into the first user turn, roles must alternate (Gemma 2, Gemma 3)", {"bos_token": "<bos>"}, """\
{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '

' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '

' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("roles must alternate") }}
    {%- endif -%}
    {%- set role = "model" if message['role'] == 'assistant' else message['role'] -%}
    {{ '<turn>' + role + '
' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'text' -%}{{ item['text'] | trim }}{%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("odd content") }}
    {%- endif -%}
    {{ '</turn>
' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<turn>model
'}}
{%- endif -%}
"""),
    ("no system turn at all (Gemma 2)", {"bos_token": "<bos>"}, """\
{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}\
{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('alternate') }}{% endif %}\
{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}\
{{ '<turn>' + role + '\\n' + message['content'] | trim + '</turn>\\n' }}{% endfor %}\
{% if add_generation_prompt %}{{'<turn>model\\n'}}{% endif %}
"""),
    ("INST around user turns, the system turn in the last one, tests over lists (Mistral)",
     {"bos_token": "<s>", "eos_token": "</s>"}, """\
{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- for message in loop_messages | rejectattr("role", "equalto", "tool") | selectattr("tool_calls", "undefined") %}
    {%- if (message["role"] == "user") != (loop.index0 % 2 == 0) %}
        {{- raise_exception("roles must alternate") }}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined and (message == user_messages[-1]) %}
            {{- "[INST]" + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST]" + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"] | trim + eos_token }}
    {%- else %}
        {{- raise_exception("odd role") }}
    {%- endif %}
{%- endfor %}
"""),
    ("SYS tags inside INST (Llama 2)", {"bos_token": "<s>", "eos_token": "</s>"}, """\
{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}\
{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}\
{% for message in loop_messages %}{% if loop.index0 == 0 and system_message != false %}\
{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}\
{% else %}{% set content = message['content'] %}{% endif %}\
{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}\
{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}
"""),
    ("role names as tokens, line breaks between turns (Phi-3)", {"eos_token": "<|endoftext|>"}, """\
{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>
' + message['content'] + '<|end|>
'}}{% elif message['role'] == 'user' %}{{'<|user|>
' + message['content'] + '<|end|>
'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>
' + message['content'] + '<|end|>
'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>
' }}{% else %}{{ eos_token }}{% endif %}
"""),
    ("role names built from pieces (Phi-4-mini)", {"eos_token": "<|endoftext|>"}, """\
{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}\
{% if add_generation_prompt %}{{ '<|assistant|>' }}{% else %}{{ eos_token }}{% endif %}
"""),
    ("end token after all but the last answer (OLMo 2)", {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}, """\
{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ '<|system|>
' + message['content'] + '
' }}{% elif message['role'] == 'user' %}{{ '<|user|>
' + message['content'] + '
' }}{% elif message['role'] == 'assistant' %}{% if not loop.last %}{{ '<|assistant|>
' + message['content'] + eos_token + '
' }}{% else %}{{ '<|assistant|>
' + message['content'] + eos_token }}{% endif %}{% endif %}{% if loop.last and add_generation_prompt %}{{ '<|assistant|>
' }}{% endif %}{% endfor %}
"""),
    ("macros, a namespace, blocks that are set, loop controls (Gemma 4)", {"bos_token": "<bos>"}, """\
{%- macro strip_thinking(text) -%}
    {%- set ns = namespace(result='') -%}
    {%- for part in text.split('<channel|>') -%}
        {%- if '<|channel>' in part -%}
            {%- set ns.result = ns.result + part.split('<|channel>')[0] -%}
        {%- else -%}
            {%- set ns.result = ns.result + part -%}
        {%- endif -%}
    {%- endfor -%}
    {{- ns.result | trim -}}
{%- endmacro -%}
{%- macro describe(value, upper=false) -%}
    {%- if value is string -%}{{ value | upper if upper else value }}
    {%- elif value is mapping -%}{%- for k, v in value | dictsort -%}{{ k }}:{{ describe(v) }}{%- if not loop.last -%},{%- endif -%}{%- endfor -%}
    {%- elif value is sequence -%}[{%- for v in value -%}{{ describe(v) }}{%- endfor -%}]
    {%- else -%}{{ value }}{%- endif -%}
{%- endmacro -%}
{%- set ns = namespace(prev_role=None, turns=0) -%}
{%- set loop_messages = messages -%}
{{ bos_token }}
{%- if messages[0]['role'] in ['system', 'developer'] -%}
    {{- '<|turn>system\\n' -}}
    {{- messages[0]['content'] | trim -}}
    {%- set loop_messages = messages[1:] -%}
    {{- '<turn|>\\n' -}}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if message['role'] == 'tool' -%}{%- continue -%}{%- endif -%}
    {%- set role = 'model' if message['role'] == 'assistant' else message['role'] -%}
    {%- if role != ns.prev_role -%}{{- '<|turn>' + role + '\\n' }}{%- endif -%}
    {%- set content -%}
        {%- if role == 'model' -%}{{- strip_thinking(message['content']) -}}{%- else -%}{{- message['content'] | trim -}}{%- endif -%}
    {%- endset -%}
    {{- content -}}
    {%- set ns.prev_role = role -%}
    {%- set ns.turns = ns.turns + 1 -%}
    {{- '<turn|>\\n' -}}
{%- endfor -%}
{{- describe({'turns': ns.turns, 'roles': loop_messages | map(attribute='role') | unique | list}) -}}
{%- if add_generation_prompt -%}
    {{- '<|turn>model\\n' -}}
{%- endif -%}
"""),
    ("the assistant's text marked for training", {"eos_token": "</s>"}, """\
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {% generation %}
        {{- message.content | trim + eos_token }}
        {% endgeneration %}
    {%- else %}
{{ message.role | upper }}: {{ message.content | trim | replace('\\n', ' ') }}
    {% endif %}
{%- endfor %}
"""),
]


def snippet(template):
    try:
        text = _compile_jinja_template(template).render(messages=MESSAGES, add_generation_prompt=True)
        return {"template": template, "text": text}
    except Exception as error:
        print("refused:", template[:60].replace("\n", "\\n"), "--", type(error).__name__, str(error)[:80])
        return {"template": template, "refused": True}


def chat(template, special, messages, generation):
    try:
        rendered, _ = render_jinja_template(
            conversations=[messages], chat_template=template, add_generation_prompt=generation, **special
        )
        return rendered[0]
    except Exception as error:
        return {"refused": str(error)}


def main():
    write("snippets.json", {"messages": MESSAGES, "snippets": [snippet(template) for template in SNIPPETS]})
    templates = [
        {
            "name": name, "template": template, "special": special,
            "rows": [chat(template, special, messages, g) for messages in CHATS for g in (True, False)],
        }
        for name, special, template in TEMPLATES
    ]
    write("chats.json", {"chats": CHATS, "templates": templates})


def write(name, value):
    out.mkdir(parents=True, exist_ok=True)
    (out / name).write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(name, (out / name).stat().st_size)


if __name__ == "__main__":
    main()
