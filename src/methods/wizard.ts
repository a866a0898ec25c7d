// The setup, as a conversation of questions and answers.

import * as z from 'zod'
import { invalid, unavailable } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import type { WizardStep } from '../services/operations/wizard-steps.ts'
import type { WizardState } from '../services/operations/wizard.ts'

const text = z.string().min(1)
const status = z.enum(['running', 'done', 'cancelled', 'error'])

const step = z.strictObject({
  id: text,
  type: z.enum(['note', 'select', 'text', 'confirm']),
  title: z.string().optional(),
  message: z.string().optional(),
  options: z.array(z.strictObject({ value: z.unknown(), label: text, hint: z.string().optional() })).optional(),
  initialValue: z.unknown().optional(),
  placeholder: z.string().optional(),
  sensitive: z.boolean().optional(),
  executor: z.literal('client'),
})

const state = {
  done: z.boolean(),
  step: step.optional(),
  status,
  error: z.string().optional(),
  modelActivation: z.strictObject({ modelRef: text }).optional(),
}

function toStep({ options, ...rest }: WizardStep): z.input<typeof step> {
  return { ...rest, ...(options && { options: [...options] }) }
}

const toAnswer = ({ done, status, step, error, modelRef }: WizardState): z.input<z.ZodObject<typeof state>> => ({
  done,
  ...(step && { step: toStep(step) }),
  status,
  ...(error !== null && { error }),
  ...(modelRef !== null && { modelActivation: { modelRef } }),
})

export const wizardStart = defineMethod({
  name: 'wizard.start',
  scope: 'operator.admin',
  summary: 'Begins the setup, and asks its first question.',
  params: z.strictObject({
    mode: z.enum(['local', 'remote']).optional(),
    workspace: z.string().optional(),
    installDaemon: z.boolean().optional(),
    flow: z.enum(['setup', 'channels']).optional(),
    channel: text.optional(),
  }),
  result: z.strictObject({ sessionId: text, ...state }),
  uses: ['wizard'],
  handler({ mode, workspace, flow }, { wizard }) {
    if (mode === 'remote') throw invalid('mode "remote" sets up a client of another gateway; this is a gateway: use "local"')
    if (flow === 'channels') {
      throw unavailable('channels are not set up by questions here: write channels.<id> with config.patch', { retryable: false, details: { code: 'FLOW_MISSING' } })
    }
    const { sessionId, ...begun } = wizard.start({ workspace: workspace?.trim() || undefined })
    return { sessionId, ...toAnswer(begun) }
  },
})

export const wizardNext = defineMethod({
  name: 'wizard.next',
  scope: 'operator.admin',
  summary: 'Answers the question that is asked now; the next one, or the end. Without an answer, the same question again.',
  params: z.strictObject({
    sessionId: text,
    answer: z.strictObject({ stepId: text, value: z.unknown().optional() }).optional(),
  }),
  result: z.strictObject(state),
  uses: ['wizard'],
  async handler({ sessionId, answer }, { wizard, caller }) {
    return toAnswer(await wizard.next(sessionId, answer ? { stepId: answer.stepId, value: answer.value } : null, caller.id))
  },
})

const ended = z.strictObject({ status, error: z.string().optional() })
const toStatus = ({ status, error }: WizardState) => ({ status, ...(error !== null && { error }) })

export const wizardCancel = defineMethod({
  name: 'wizard.cancel',
  scope: 'operator.admin',
  summary: 'Ends the setup. Nothing was written.',
  params: z.strictObject({ sessionId: text, closeInput: z.boolean().optional() }),
  result: ended,
  uses: ['wizard'],
  handler: ({ sessionId }, { wizard }) => toStatus(wizard.cancel(sessionId)),
})

export const wizardStatus = defineMethod({
  name: 'wizard.status',
  scope: 'operator.admin',
  summary: 'How far the setup is.',
  params: z.strictObject({ sessionId: text }),
  result: ended,
  uses: ['wizard'],
  handler: ({ sessionId }, { wizard }) => toStatus(wizard.status(sessionId)),
})
