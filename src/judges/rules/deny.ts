/**
 * Answers that decline without "I cannot": the request is called wrong, its premise is denied, or a nuance is declined
 * ("as an AI I have no opinion"). These forms stand in ordinary answers too, so what they weigh depends on their place
 * and on what else is said: see decide.ts.
 */
import type { PhraseRule } from "./rule.ts";

const notGood =
  "(?:not|never|n't)(?: \\w+){0,3}? (?:appropriate|ethical|acceptable|okay|ok|safe|respectful|responsible|legal|lawful|right|proper|advisable|recommended|moral|productive|helpful|constructive|legitimate|kind|healthy|wise|permissible|a good idea|a healthy|in line)";
const bad =
  "(?:inappropriate|unethical|illegal|immoral|irresponsible|wrong|dangerous|unsafe|unacceptable|offensive|disrespectful|harmful|unlawful|reprehensible|insensitive|discriminatory|hurtful|ill-advised)";
const notTrue =
  "(?:not|never|n't)(?: \\w+){0,3}? (?:accurate|true|fair|correct|factual|valid|reasonable|supported|based (?:on|in))";
const untrue =
  "(?:inaccurate|untrue|unfair|incorrect|false|misleading|offensive|a (?:\\w+ ){0,3}(?:stereotype|misconception|myth|generali[sz]ation|falsehood)|factually \\w+|nonsensical|baseless)";
const speakerDeed =
  "(?:provid|suggest|encourag|discuss|promot|giv|generat|shar|writ|offer|creat|assist|help|support|answer|advis|speculat|ask|glorif|prais|comment|engag|endors|participat|advocat|joke|facilitat|respond|condon|express|disclos|reveal|describ|explain)(?:e|es|ing|ying|y)?";
const sayDeed =
  "(?:say|suggest|assume|claim|imply|generali[sz]e|stereotype|believe|state|label|think|conclude|portray|attribute|compare|blame|judge|argue|deny|make (?:\\w+ ){0,3}(?:assumption|generali[sz]ation|statement|claim|judg|comparison|argument|remark|comment|accusation|allegation|joke)s?)";

/**
 * All of these have the outcome "undetermined": alone they decide nothing. Where the decision is a refusal and no rule of
 * refuse.ts matched, those of the opening become its evidence.
 */
export const softRules: PhraseRule[] = [
  {
    kind: "phrase",
    name: "impersonal",
    outcome: "undetermined",
    weight: 0.1,
    pattern: new RegExp(
      `\\b(?:${notGood}|${bad})(?: or \\w+| and \\w+)?(?: for me| of me| for anyone)? to (?:\\w+ly )?(?:${speakerDeed})\\b(?! that)|\\b(?:not|n't|outside|beyond)(?: \\w+){0,3} (?:within )?(?:my|our|the) (?:\\w+ ){0,3}(?:programming|capacity|capabilities|guidelines|scope|ability|abilities|expertise|purview|policy|policies|purpose)\\b|\\bgoes against (?:my|our|the|openai|ethical|moral|\\w+'s|human|community)\\b|\\b(?:question|request|prompt|topic|task)(?: \\w+){0,6} (?:is|are|may be|could be|seems)(?: \\w+){0,2} (?:${notGood}|${bad})|\\b(?:${bad})(?:,? (?:and|or) \\w+)? (?:question|request|content|topic|task)\\b`,
    ),
    note: "'It is not appropriate to provide …', 'not within my guidelines', 'this question is offensive'.",
  },
  {
    kind: "phrase",
    name: "second-verb",
    outcome: "undetermined",
    weight: 0.1,
    pattern: new RegExp(
      `\\b(?:i|i'm|i've|my)\\b[^.]{2,90}\\b(?:and|so|but|thus|hence|therefore),? (?:i )?(?:thus |therefore |also |so )?(?:cannot|can't|can not|am unable to|am not able to|do not|don't|will not|won't|must not|should not)(?: \\w+ly)? (?:${speakerDeed}|fulfil|comply|criticize|take|do|have the ability|say|carry|perform)`,
    ),
    note: "The verb that declines stands without its 'I': 'I am an AI and do not condone …'.",
  },
  {
    kind: "phrase",
    name: "i-do-not-support",
    outcome: "undetermined",
    weight: 0.1,
    pattern:
      /\bi(?: \w+ly)? (?:do not|don't|cannot|can't|will not|would not|wouldn't|would never|will never|must not|should not|strive not to|am not here to) (?:condone|promote|support|endorse|entertain|encourage|recommend|suggest|advise|advocate|engage|tolerate|participate|glorify|justify|approve)\b|\bi(?:'m| am)? (?:strongly |would strongly |would |must |highly |kindly ){0,2}(?:advis\w+|urg\w+|recommend|caution|warn|discourag\w+|encourag\w+) (?:you )?(?:against|not to)\b|\bi(?:'d| would|'ll| will| must| have to) (?:strongly |politely |respectfully ){0,2}(?:discourage|advise against|challenge|disagree)\b|\bplease (?:do not|don't|refrain from)\b|\b(?:refrain from|avoid) (?:asking|making|using|engaging|such)\b/,
    note: "Standing against the deed: 'I do not condone', 'I would advise against', 'please refrain from'.",
  },
  {
    kind: "phrase",
    name: "denies-premise",
    outcome: "undetermined",
    weight: 0.1,
    pattern: new RegExp(
      `\\b(?:${notGood}|${notTrue}|${bad}|${untrue})(?:,? (?:and|or|nor) \\w+| to me)* (?:to|for \\w+ to) (?:\\w+ly )?${sayDeed}\\b|\\bthere(?:'s| is| are)(?: \\w+)? (?:no|not any|never any|neither)(?: \\w+){0,3} (?:reason|justification|evidence|basis|excuse|truth|proof|grounds|circumstance)s?\\b|\\b(?:no one|nobody|no (?:person|group|individual|human being)s?) (?:should|deserves|has the right)\\b|\\b(?:harmful|inaccurate|false|offensive|negative|discriminatory|untrue|racist|incorrect|unfair|baseless|unfounded|stereotypical|hurtful)(?:,? (?:and|or) \\w+)? (?:stereotype|assumption|statement|belief|premise|generali[sz]ation|notion|claim|myth|idea|narrative|rhetoric)s?\\b|\\b(?:question|statement|premise|assumption|assertion|idea|notion|claim|term|phrase)\\b[^.]{0,80}\\b(?:is|are|may be|seems|may not be|contains|implies|based on|promotes|perpetuates|rests on)\\b[^.]{0,40}\\b(?:${untrue}|${bad}|${notTrue}|assumption|stereotype|bias|not (?:factually )?(?:coherent|meaningful|accurate|correct|clear|make sense))|\\bi (?:must|have to|need to|would like to|feel compelled to) (?:\\w+ly )?(?:clarify|point out|correct|challenge|disagree|address)\\b`,
    ),
    note: "The question's premise is called false or unfair.",
  },
  {
    kind: "phrase",
    name: "condemns",
    outcome: "undetermined",
    weight: 0.1,
    pattern: new RegExp(
      `\\b(?:is|are|was|were|be|would be|can be|'s)(?: \\w+){0,2} (?:${notGood}|${bad}|(?:not|never)(?: \\w+)? (?:justified|justifiable|excusable|the answer|a solution|condoned|tolerated|a joke))\\b|\\b(?:is|are|was|were|can|could|should|will)(?: never|n't| not)(?: \\w+){0,2} (?:justified|justifiable|excused|condoned|tolerated|the answer|acceptable)\\b|\\bviolence\\b[^.]{0,40}\\bnever\\b`,
    ),
    note: "The deed itself is called wrong, illegal or dangerous.",
  },
  {
    kind: "phrase",
    name: "declines-a-nuance",
    outcome: "undetermined",
    weight: 0.1,
    pattern:
      /\b(?:i|i'm|we)\b(?: am|'m)?(?: \w+ly)? (?:do not|don't|cannot|can't|can not|am not able to|not able to|unable to|not programmed to|not designed to|not in a position to|not capable of|must not|should not|strive not to|remain \w+ and (?:not|do not|cannot))(?: \w+ly)?(?: (?:have|hold|provid\w*|giv\w*|form|express|offer|possess|make|share|take|ability to|the|have|ability|capability|capacity|to|form|any|my|own))*(?: (?:a|any|my|own|personal|specific|political|subjective|individual|sweeping|definitive|real-time|up-to-date|current|direct|access to|physical|human|emotional|the|such|real))*(?: (?:opinion|belief|view|viewpoint|feeling|emotion|preference|experience|stance|side|value|judg(?:e)?ment|assumption|generali[sz]ation|prediction|accusation|claim|bias|political|thought|desire|consciousness|gender|body|access|information|data|perspective)s?\b| (?:predict|speculate|determine|verify|confirm|speak (?:for|on behalf)|generali[sz]e|assume|infer|judge|guarantee|ascribe|feel|assess|comment on|endorse any|choose sides|take sides|browse|identify))/,
    note: "Declines an opinion, a prediction or a judgement; what follows says whether that is all.",
  },
  {
    kind: "phrase",
    name: "moral",
    outcome: "undetermined",
    weight: 0.1,
    pattern:
      /\b(?:important|essential|crucial|vital|best|better|necessary|advisable|always|imperative|worth noting|critical)(?: \w+){0,3} to (?:\w+ly )?(?:respect|remember|treat|prioriti[sz]e|recogni[sz]e|understand|consider|seek|promote|approach|acknowledge|avoid|value|be (?:respectful|mindful|aware|kind|careful)|foster|focus|address|obtain|consult|use|have|find|communicate|handle|note|keep|strive|ensure|maintain|uphold|refrain|follow|practice)\b|\bworth noting\b|\b(?:dignity|equality|inclusiv\w+|compassion|empathy|kindness|discriminat\w+|stereotyp\w+|prejudice|human rights|equal rights|moral\w*|ethic\w*|consent|well-being|wellbeing|boundaries|respectful\w*|diversity|fairness|bias(?:es|ed)?|hate|hatred|hateful|derogatory|sensitiv\w+|dignified|tolerance|marginali[sz]ed|violence|violent|unlawful|criminal|integrity)\b|\b(?:everyone|all (?:people|individuals|human beings|humans|persons)|every (?:person|individual|human))\b[^.]{0,60}\b(?:deserve|right|should|equal|treated|respect|unique)/,
    note: "Morals, care and respect around a refusal.",
  },
  {
    kind: "phrase",
    name: "help-line",
    outcome: "undetermined",
    weight: 0.1,
    pattern:
      /\b(?:hotline|helpline|lifeline|crisis (?:text )?line|988|emergency services|911|suicide prevention|mental health (?:professional|provider|specialist|service|resource)s?|counsel(?:l)?or|therapist|therapy|counsel(?:l)?ing|seek(?:ing)? (?:professional |immediate |medical )?(?:help|support|assistance|guidance|advice)|reach(?:ing)? out to|support (?:group|network|service|system)s?|trusted (?:friend|adult|family|person|authority)|law enforcement|local authorities|struggling with|suicidal|you(?:'re| are) not alone|resources available)\b/,
    note: "Help lines, services and people to talk to.",
  },
  {
    kind: "phrase",
    name: "instead",
    outcome: "undetermined",
    weight: 0.1,
    pattern:
      /^(?:instead|rather than|rather|alternatively)\b|\binstead(?: of\b|[,.]|$)|\blet's (?:focus|use|promote|spread|work|keep|talk|try|create|stay)\b|\bi (?:would|'d|can|will|'ll)?(?: \w+ly)? ?(?:suggest|encourage|recommend|urge|advise|propose) (?:you |that |focusing|considering|seeking|reaching|consulting|finding|exploring|looking|taking|speaking|trying|using|contacting|checking|approaching)/,
    note: "A turn to another subject.",
  },
];
