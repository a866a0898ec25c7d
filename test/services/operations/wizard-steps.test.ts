// Which question follows, and what is an answer to it.

import { describe, expect, it } from 'vitest'
import { nextStep, readAnswer, toChosen, type WizardAnswers, type WizardFacts } from '../../../src/services/operations/wizard-steps.ts'

const facts = (changes: Partial<WizardFacts> = {}): WizardFacts => ({ access: 'has its token', model: null, hasVariable: () => false, probe: null, ...changes })
const idAfter = (answers: WizardAnswers, changes: Partial<WizardFacts> = {}) => nextStep(answers, facts(changes))?.id ?? null

describe('the next question', () => {
  const known = { welcome: true, provider: 'openai' }
  const custom = { welcome: true, provider: 'custom', baseUrl: 'http://x/v1', model: 'm' }

  it.each<[WizardAnswers, Partial<WizardFacts>, string | null]>([
    [{}, {}, 'welcome'],
    [{ welcome: true }, {}, 'provider'],
    [{ welcome: true, provider: 'skip' }, {}, null],
    [{ welcome: true, provider: 'keep' }, {}, null],
    [known, {}, 'apiKey'],
    [known, { hasVariable: (name) => name === 'OPENAI_API_KEY' }, 'finish'],
    [{ ...known, apiKey: 'sk' }, { probe: { ok: true, says: 'x' } }, 'finish'],
    [{ ...known, apiKey: 'sk' }, { probe: { ok: false, says: 'auth' } }, 'failed'],
    [{ ...known, apiKey: 'sk', failed: 'keep' }, { probe: { ok: false, says: 'auth' } }, 'finish'],
    [{ ...known, apiKey: 'sk', finish: true }, { probe: { ok: true, says: 'x' } }, null],
    [{ welcome: true, provider: 'custom' }, {}, 'baseUrl'],
    [{ welcome: true, provider: 'custom', baseUrl: 'http://x/v1' }, {}, 'model'],
    [custom, {}, 'apiKey'],
    [{ ...custom, apiKey: '' }, {}, 'finish'],
  ])('after %j is %3$s', (answers, changes, id) => {
    expect(idAfter(answers, changes)).toBe(id)
  })

  it('offers to keep what is there, and says where a key is already', () => {
    const step = nextStep({ welcome: true }, facts({ model: 'mock/plain', hasVariable: (name) => name === 'GROQ_API_KEY' }))!
    expect(step.initialValue).toBe('keep')
    expect(step.options!.find(({ value }) => value === 'groq')!.hint).toBe('key from GROQ_API_KEY')
    expect(nextStep({ welcome: true }, facts())!.options!.some(({ value }) => value === 'keep')).toBe(false)
  })

  it('shows no secret, and asks for one as such', () => {
    const answers = { welcome: true, provider: 'openai', apiKey: 'sk-secret' }
    expect(JSON.stringify(nextStep(answers, facts({ probe: { ok: false, says: 'auth' } })))).not.toContain('sk-secret')
    expect(nextStep({ welcome: true, provider: 'openai' }, facts())).toMatchObject({ type: 'text', sensitive: true })
  })
})

it('knows what was chosen when everything of it was answered', () => {
  expect(toChosen({ provider: 'custom', baseUrl: 'http://x/v1' })).toBeNull()
  expect(toChosen({ provider: 'custom', baseUrl: 'http://x/v1', model: 'm', apiKey: '' })).toEqual({ provider: 'custom', model: 'm', baseUrl: 'http://x/v1', apiKey: null, variable: null })
  expect(toChosen({ provider: 'openai', apiKey: 'sk' })).toMatchObject({ provider: 'openai', apiKey: 'sk', variable: null })
  expect(toChosen({ provider: 'openai' })).toMatchObject({ apiKey: null, variable: 'OPENAI_API_KEY' })
  expect(toChosen({ provider: 'skip' })).toBeNull()
})

describe('an answer', () => {
  const asked = (answers: WizardAnswers, changes: Partial<WizardFacts> = {}) => nextStep(answers, facts(changes))!

  it.each([
    ['a note', asked({}), undefined, { value: true }],
    ['a choice', asked({ welcome: true }), 'openai', { value: 'openai' }],
    ['a choice that there is not', asked({ welcome: true }), 'nobody', 'choose one of the options'],
    ['an address', asked({ welcome: true, provider: 'custom' }), ' http://x/v1 ', { value: 'http://x/v1' }],
    ['an address of another kind', asked({ welcome: true, provider: 'custom' }), 'javascript:x', 'this is no address: begin with http:// or https://'],
    ['an empty key where one is needed', asked({ welcome: true, provider: 'openai' }), ' ', 'this must not be empty'],
    ['an empty key where none is', asked({ welcome: true, provider: 'custom', baseUrl: 'http://x', model: 'm' }), '', { value: '' }],
    ['a key with a line end', asked({ welcome: true, provider: 'openai' }), 'sk\nx', 'this has characters that cannot be typed'],
    ['a yes', asked({ welcome: true, provider: 'openai', apiKey: 'k' }), true, { value: true }],
    ['a yes in words', asked({ welcome: true, provider: 'openai', apiKey: 'k' }), 'yes', 'answer with true or false'],
    ['an object', asked({ welcome: true, provider: 'openai' }), {}, 'answer with a text of at most 2000 characters'],
  ])('may be %s', (_, step, value, expected) => {
    expect(readAnswer(step, value)).toEqual(expected)
  })
})
