// What may stand in the configuration.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'

const hint = z.strictObject({
  label: z.string().optional(),
  help: z.string().optional(),
  group: z.string().optional(),
  order: z.int().optional(),
  advanced: z.boolean().optional(),
  sensitive: z.boolean().optional(),
  placeholder: z.string().optional(),
})

const reloadKind = z.enum(['restart', 'hot', 'none'])

export const configSchema = defineMethod({
  name: 'config.schema',
  scope: 'operator.read',
  summary: 'The JSON Schema of the configuration, with hints for forms.',
  params: z.strictObject({}),
  result: z.strictObject({ schema: z.unknown(), uiHints: z.record(z.string(), hint), version: z.string(), generatedAt: z.string() }),
  uses: ['configDocument'],
  async handler(_, { configDocument }) {
    const { schema, uiHints, version, generatedAt } = (await configDocument()).schema()
    return { schema, uiHints: { ...uiHints }, version, generatedAt }
  },
})

export const configSchemaLookup = defineMethod({
  name: 'config.schema.lookup',
  scope: 'operator.read',
  summary: 'The schema of one path of the configuration, and what is directly below it.',
  params: z.strictObject({
    path: z
      .string()
      .min(1)
      .max(1024)
      .regex(/^[A-Za-z0-9_./[\]\-*]+$/),
  }),
  result: z.strictObject({
    path: z.string(),
    schema: z.unknown(),
    reloadKind,
    hint: hint.optional(),
    hintPath: z.string().optional(),
    children: z.array(
      z.strictObject({
        key: z.string(),
        path: z.string(),
        type: z.union([z.string(), z.array(z.string())]).optional(),
        required: z.boolean(),
        hasChildren: z.boolean(),
        reloadKind,
        hint: hint.optional(),
        hintPath: z.string().optional(),
      }),
    ),
  }),
  uses: ['configDocument'],
  async handler({ path }, { configDocument }) {
    const { children, ...found } = (await configDocument()).lookup(path)
    return { ...found, children: [...children] }
  },
})
