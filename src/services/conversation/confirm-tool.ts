// A tool that asks a person: for runs that nobody watches, and must not go on without a yes.

import * as z from 'zod'
import { MAX_DESCRIPTION_CHARS, MAX_DETAIL_CHARS, MAX_TITLE_CHARS } from '../../protocol/approval-shapes.ts'
import { defineTool, type Refusal, type Tool } from './tools.ts'

const DEFAULT_MINUTES = 30
const MAX_MINUTES = 24 * 60

/** How a no is told to the model. Nobody having answered is not one of a person. */
const ANSWERS: Readonly<Record<Refusal, string>> = {
  denied: 'denied',
  policy: 'denied',
  'too-many': 'denied',
  expired: 'unanswered',
  'no-route': 'unanswered',
  withdrawn: 'withdrawn',
  changed: 'withdrawn',
}

export const createConfirmTool = (): Tool =>
  defineTool({
    name: 'gateway_confirm',
    description:
      'Asks a person to approve a text, and waits for the answer. Use it before you do something that cannot be undone. ' +
      'Go on only if the decision is "approved".',
    group: 'automation',
    scope: 'operator.write',
    params: z.strictObject({
      text: z.string().trim().min(1).max(MAX_DETAIL_CHARS).describe('What is to be approved, in full.'),
      title: z.string().trim().min(1).max(MAX_TITLE_CHARS).default('Confirm').describe('A few words.'),
      minutes: z.int().min(1).max(MAX_MINUTES).default(DEFAULT_MINUTES).describe('How long to wait.'),
    }),
    approval({ text, title, minutes }) {
      const isLong = text.length > MAX_DESCRIPTION_CHARS / 2 // hidden characters take more room once they can be seen
      return {
        kind: 'plugin',
        title,
        description: isLong ? 'A long text is to be approved: read it in full.' : text,
        ...(isLong && { detail: text }),
        allowedDecisions: ['allow-once', 'deny'],
        timeoutMs: minutes * 60_000,
      }
    },
    refused: (refusal) => ({ decision: ANSWERS[refusal] }),
    run: () => ({ decision: 'approved' }),
  })
