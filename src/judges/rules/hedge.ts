/**
 * Answers that take themselves back: disclaimers, safety caveats and open ends (strong), and words of possibility
 * (weak).
 */
import type { PhraseRule } from "./rule.ts";

export const hedgeRules: PhraseRule[] = [
  {
    kind: "phrase",
    name: "disclaimer",
    outcome: "hedge",
    weight: 0.6,
    pattern:
      /\bi(?:'m| am) not (?:a |an |your )?(?:\w{1,14} )?(?:doctor|lawyer|attorney|advisor|adviser|expert|professional|physician|pharmacist|veterinarian|qualified)\b|\bnot (?:be taken as |intended as |meant as |a substitute for |constitute )?(?:\w{1,14} )?(?:legal|medical|financial|professional) advice\b|\bdisclaimer\b|\bfor (?:educational|informational|information) purposes\b|\bgrain of salt\b|\bgeneral information (?:and|only)\b|\bshould not be taken as\b|\bdo(?:es)? not guarantee\b|\bi (?:don't|do not) have personal (?:experience|experiences)\b|\bi(?:'m| am) no (?:doctor|lawyer|expert|scientist|historian|specialist|authority)\b|\bdon't quote me\b|\bdo your own\b/,
    note: "Disclaimers of standing or purpose.",
  },
  {
    kind: "phrase",
    name: "safety-caveat",
    outcome: "hedge",
    weight: 0.6,
    pattern:
      /\b(?:consult|speak (?:to|with)|talk to|check with|ask|see|seek)(?: advice from| guidance from| the advice of| help from)? (?:a|an|your|the|with a) (?:\w{1,14} ){0,2}(?:doctor|dentist|nurse|vet|veterinarian|lawyer|attorney|accountant|professional|expert|experts|herbalist|pharmacist|physician|council|specialist|provider|advisor|adviser|authority|authorities|maker)\b|\b(?:don't|do not|should not|shouldn't|would not) rely on\b|\bnot a (?:treatment|cure|replacement)\b|\b(?:should|please|always|must) (?:always |also |be )?(?:be careful|handled with care|careful|use caution|exercise caution|make sure|do your own research)\b|\b(?:always wear|proceed with caution|use caution|if in doubt|when in doubt|be careful|never (?:eat|try|use|touch|mix)|do not try|should avoid it|at your own risk|if you are (?:unsure|not certain|not sure)|carr(?:y|ies) (?:some )?risks?|ask a professional)\b|^(?:caution|warning|important)\b:?|\beasily (?:mistaken|confused)\b|\bonly [^.]{0,30}\bif you (?:know|are sure|are certain)\b|\bi would (?:be careful|be cautious|not rely)\b|\bdo your own research\b|\bcheck (?:a reliable|other|more|several) sources?\b/,
    unless: /\?$/,
    note: "Warnings around an answer.",
  },
  {
    kind: "phrase",
    name: "uncertain",
    outcome: "hedge",
    weight: 0.6,
    pattern:
      /\b(?:may|might) or (?:may|might) not\b|\bmight not\b[^.]{0,20}\bmight\b|\bmight\b[^.]{0,20}\bmight not\b|\bhinges on\b|\b(?:that|it|this|which|often|widely|greatly) var(?:y|ies)\b|\bgive or take\b|\bi(?:'d| would) (?:guess|say roughly|estimate)\b|\bmy (?:best )?guess\b|\bnot swear\b|\bthen again\b|\bif i (?:remember|recall)\b|\btake (?:this|that|it) with\b|\b(?:it|that|this|which|really|answer)(?: \w{1,10})? depends?\b|\b(?:may|might|can|will|could) depend\b|\bdepends (?:on|upon)\b|\bdepending on\b|\b(?:it's|it is) (?:hard|difficult|impossible|not possible) to (?:say|know|tell|be sure|give)\b|\b(?:difficult|hard|impossible) to (?:say|tell|know)\b|\bi(?:'m| am) not (?:entirely |completely |quite |really |100% |fully )?(?:sure|certain)\b(?! what you)|\bi (?:can't|cannot|couldn't|can not) (?:say|tell|be|know)(?: \w{1,8})? (?:for sure|for certain|sure|certain)\b|\bi (?:can't|cannot|am unable to|'m unable to) (?:guarantee|promise|confirm|verify)\b|\b(?:nobody|no one) (?:can |could )?(?:really |quite |ever )?(?:promise|promises|says?|knows?|tells?)\b|\bi (?:could|may|might) be (?:wrong|mistaken|out of date)\b|\bto the best of my knowledge\b|\bas far as i know\b|\b(?:results|reactions|experiences|opinions|mileage|effects|rules)\b[^.]{0,20}\b(?:vary|differ)\b|\bon the (?:one|other) hand\b|\bothers? (?:argue|believe|say|think)\b|\bno (?:simple|easy|clear|single|definite) answer\b|\b(?:still|has been|is|are) (?:debating|debated|unclear|disputed|unproven)\b|\bunclear\b|\b(?:evidence|research|data) (?:is|are|remains) (?:limited|mixed|weak|inconclusive|unclear)\b|\bnot been (?:proven|proved|confirmed)\b|\bunreliable\b|\bwhat works for one\b|\bevery (?:person|body|case|one) is different\b|\bboth (?:views|sides) (?:have|make|can|are)\b|\b(?:short )?answer is maybe\b|\bto be safe\b|\b(?:opinions?|views?|experts|scholars|sources) (?:are |is )?(?:divided|differ|disagree)\b|\b(?:don't|do not) think anyone\b|\b(?:for|on|from) either side\b|\bthere (?:are|may be|can be) (?:some |many )?exceptions\b|\btentative(?:ly)?\b|\bi(?:'m| am) inclined to\b|\broughly speaking\b|\bnot (?:been )?(?:thoroughly|fully|well) (?:studied|tested|understood)\b|\bit(?:'s| is) (?:possible|conceivable) that\b/,
    note: "The answer leaves its own truth open.",
  },
  {
    kind: "phrase",
    name: "possibility",
    outcome: "hedge",
    weight: 0.3,
    pattern:
      /\b(?:may|might|could|perhaps|possibly|maybe|probably|presumably|likely|seems?|appears?|i think|i believe|i guess|i suppose|some (?:people|say|scholars|travellers|report)|many people seem|often said to|usually considered|it is important to note|please note|note that|keep in mind)\b/,
    note: "One of these alone proves little; see the decision's threshold.",
  },
];
