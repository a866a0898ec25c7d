// The questions of the setup as data: what is asked next follows from what was answered. Pure.

import { KNOWN_PROVIDERS } from '../conversation/known-providers.ts'

export interface WizardStep {
  readonly id: string
  readonly type: 'note' | 'select' | 'text' | 'confirm'
  readonly title?: string
  readonly message?: string
  readonly options?: readonly { readonly value: string; readonly label: string; readonly hint?: string }[]
  readonly initialValue?: string | boolean
  readonly placeholder?: string
  readonly sensitive?: boolean
  readonly executor: 'client'
}

export type WizardAnswers = Readonly<Record<string, string | boolean>>

/** What the steps speak of. */
export interface WizardFacts {
  readonly access: string
  /** `provider/model` of what answers now; null: only the built-in operator. */
  readonly model: string | null
  /** Names of variables of the environment that are set. */
  readonly hasVariable: (name: string) => boolean
  /** What came of asking the provider; null: not asked yet. */
  readonly probe: { readonly ok: boolean; readonly says: string } | null
}

export const KEEP = 'keep'
export const SKIP = 'skip'
export const CUSTOM = 'custom'

/** The provider as it was answered so far. */
export interface Chosen {
  readonly provider: string
  readonly model: string
  readonly baseUrl: string
  /** null: none is needed, or it comes from the environment. */
  readonly apiKey: string | null
  /** The variable that holds the key. */
  readonly variable: string | null
}

const step = (id: string, type: WizardStep['type'], rest: Omit<WizardStep, 'id' | 'type' | 'executor'>): WizardStep => ({ id, type, ...rest, executor: 'client' })

/** The next question; null when everything is answered. */
export function nextStep(answers: WizardAnswers, facts: WizardFacts): WizardStep | null {
  if (answers['welcome'] === undefined) return welcome(facts)
  const provider = answers['provider']
  if (provider === undefined) return askProvider(facts)
  if (provider === KEEP || provider === SKIP) return null
  if (provider === CUSTOM && answers['baseUrl'] === undefined) {
    return step('baseUrl', 'text', { title: 'Address', message: 'The address of the provider up to /v1.', placeholder: 'http://127.0.0.1:11434/v1' })
  }
  if (provider === CUSTOM && answers['model'] === undefined) return step('model', 'text', { title: 'Model', message: 'The name of the model.', placeholder: 'llama3.2' })
  if (answers['apiKey'] === undefined && !keyIsKnown(answers, facts)) return askKey(String(provider))
  if (facts.probe && !facts.probe.ok && answers['failed'] !== KEEP) return askFailed(facts.probe.says)
  if (answers['finish'] === undefined) return askFinish(answers, facts)
  return null
}

const welcome = ({ access }: WizardFacts): WizardStep =>
  step('welcome', 'note', { title: 'edgeclaw setup', message: `This gateway lets in who ${access}.\nNext: which language model answers. Nothing is written before the last step.` })

function askProvider({ model, hasVariable }: WizardFacts): WizardStep {
  const known = KNOWN_PROVIDERS.map((each) => ({ value: each.id, label: each.id, hint: hasVariable(each.env) ? `key from ${each.env}` : `needs an API key; asks ${each.model}` }))
  const keep = model === null ? [] : [{ value: KEEP, label: `Keep ${model}`, hint: 'change nothing' }]
  return step('provider', 'select', {
    title: 'Model',
    message: 'Which provider shall answer?',
    options: [
      ...keep,
      ...known,
      { value: CUSTOM, label: 'Another one', hint: 'anything that speaks the OpenAI API: Ollama, LM Studio, vLLM' },
      { value: SKIP, label: 'None for now', hint: 'the built-in operator answers; it is no language model' },
    ],
    initialValue: model === null ? known[0]!.value : KEEP,
  })
}

const askKey = (provider: string): WizardStep =>
  step('apiKey', 'text', {
    title: 'API key',
    message: provider === CUSTOM ? 'The key of the provider; leave it empty if it needs none.' : `The API key of ${provider}.`,
    sensitive: true,
    placeholder: provider === CUSTOM ? '' : 'sk-…',
  })

const askFailed = (says: string): WizardStep =>
  step('failed', 'select', {
    title: 'No answer',
    message: `The provider did not answer: ${says}`,
    options: [
      { value: 'key', label: 'Enter another key' },
      { value: 'again', label: 'Try again' },
      { value: 'provider', label: 'Choose another provider' },
      { value: KEEP, label: 'Keep it all the same' },
    ],
    initialValue: 'key',
  })

function askFinish(answers: WizardAnswers, { probe }: WizardFacts): WizardStep {
  const chosen = toChosen(answers)!
  const result = `${chosen.provider}/${chosen.model} ${probe?.ok ? probe.says : 'has not answered yet'}.`
  return step('finish', 'confirm', { title: 'Done', message: `${result} Make it the model of all agents?`, initialValue: true })
}

function keyIsKnown({ provider }: WizardAnswers, { hasVariable }: WizardFacts): boolean {
  const known = KNOWN_PROVIDERS.find(({ id }) => id === provider)
  return known !== undefined && hasVariable(known.env)
}

/** null as long as something of it was not answered. */
export function toChosen({ provider, baseUrl, model, apiKey }: WizardAnswers): Chosen | null {
  const key = typeof apiKey === 'string' && apiKey !== '' ? apiKey : null
  if (provider === CUSTOM) return typeof baseUrl === 'string' && typeof model === 'string' ? { provider: CUSTOM, model, baseUrl, apiKey: key, variable: null } : null
  const known = KNOWN_PROVIDERS.find(({ id }) => id === provider)
  return known ? { provider: known.id, model: known.model, baseUrl: known.baseUrl, apiKey: key, variable: key === null ? known.env : null } : null
}

/** What was answered, as it is kept; a text when it is no answer to this question. */
export function readAnswer(asked: WizardStep, value: unknown): { readonly value: string | boolean } | string {
  switch (asked.type) {
    case 'note':
      return { value: true }
    case 'confirm':
      return typeof value === 'boolean' ? { value } : 'answer with true or false'
    case 'select':
      return typeof value === 'string' && asked.options?.some((option) => option.value === value) ? { value } : 'choose one of the options'
    case 'text':
      return readText(asked, value)
  }
}

const MAX_TEXT_CHARS = 2000

function readText({ id, placeholder }: WizardStep, value: unknown): { readonly value: string } | string {
  if (typeof value !== 'string' || value.length > MAX_TEXT_CHARS) return `answer with a text of at most ${MAX_TEXT_CHARS} characters`
  const text = value.trim()
  if (text === '' && !(id === 'apiKey' && placeholder === '')) return 'this must not be empty'
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'this has characters that cannot be typed'
  if (id === 'baseUrl' && !(URL.canParse(text) && /^https?:/.test(text))) return 'this is no address: begin with http:// or https://'
  return { value: text }
}
