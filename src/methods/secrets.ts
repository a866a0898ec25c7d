// Secrets that the configuration names.

import * as z from 'zod'
import { unavailable } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)

export const secretsReload = defineMethod({
  name: 'secrets.reload',
  scope: 'operator.admin',
  summary: 'Reads the configuration again, and with it every secret that it names.',
  params: z.strictObject({}),
  result: z.strictObject({ ok: z.literal(true), warningCount: z.int() }),
  uses: ['reload', 'secrets'],
  async handler(_, { reload, secrets, caller }) {
    const { issues } = await reload.run({ by: caller.id, how: 'secrets.reload' }, { force: true })
    if (issues.length > 0) {
      throw unavailable(`the secrets stay as they were, because the configuration cannot be used: ${issues.map(({ path, message }) => `${path} ${message}`).join('; ').slice(0, 1000)}`, {
        retryable: false,
      })
    }
    return { ok: true as const, warningCount: secrets.missing().length }
  },
})

export const secretsResolve = defineMethod({
  name: 'secrets.resolve',
  scope: 'operator.admin',
  summary: 'What the references of some places stand for.',
  params: z.strictObject({
    commandName: text,
    targetIds: z.array(text).max(100),
    allowedPaths: z.array(text).max(1000).optional(),
    forcedActivePaths: z.array(text).optional(),
    optionalActivePaths: z.array(text).optional(),
    providerOverrides: z.strictObject({ webSearch: text.optional(), webFetch: text.optional() }).optional(),
  }),
  result: z.strictObject({
    ok: z.literal(true),
    assignments: z.array(z.strictObject({ path: text, pathSegments: z.array(text), value: z.string() })),
    diagnostics: z.array(text),
    inactiveRefPaths: z.array(text),
  }),
  uses: ['secrets'],
  handler({ commandName, targetIds, allowedPaths }, { secrets, log, caller }) {
    const { assignments, diagnostics } = secrets.resolve(targetIds, allowedPaths)
    log.info('secrets were resolved', { by: caller.id, command: commandName.slice(0, 100), paths: assignments.map(({ path }) => path).join(', ') })
    return {
      ok: true as const,
      assignments: assignments.map(({ path, pathSegments, value }) => ({ path, pathSegments: [...pathSegments], value })),
      diagnostics: [...diagnostics],
      inactiveRefPaths: [],
    }
  },
})
