// Messengers. No channel is there yet, so each name is unknown; every method says so in the protocol's own words.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)
const account = z.strictObject({ channel: text, accountId: z.string().optional() })
const short = (name: string): string => name.slice(0, 100)

/** Methods that need a channel end before they answer. */
const NO_ANSWER = z.never()

export const channelsStatus = defineMethod({
  name: 'channels.status',
  scope: 'operator.read',
  summary: 'The messengers that this gateway speaks with, and how they fare.',
  params: z.strictObject({ probe: z.boolean().optional(), timeoutMs: z.int().min(0).optional(), channel: text.optional() }),
  result: z.strictObject({
    ts: z.int(),
    channelOrder: z.array(text),
    channelLabels: z.record(z.string(), text),
    channelDetailLabels: z.record(z.string(), text),
    channelSystemImages: z.record(z.string(), text),
    channelMeta: z.array(z.never()),
    channels: z.record(z.string(), z.never()),
    channelAccounts: z.record(z.string(), z.never()),
    channelDefaultAccountId: z.record(z.string(), text),
  }),
  uses: ['clock'],
  handler({ channel }, { clock }) {
    if (channel !== undefined) throw invalid(`unknown channel: ${short(channel)}`)
    return {
      ts: clock.now(),
      channelOrder: [],
      channelLabels: {},
      channelDetailLabels: {},
      channelSystemImages: {},
      channelMeta: [],
      channels: {},
      channelAccounts: {},
      channelDefaultAccountId: {},
    }
  },
})

export const channelsStart = defineMethod({
  name: 'channels.start',
  scope: 'operator.admin',
  hidden: true,
  summary: 'Starts a channel, or one account of it.',
  params: account,
  result: NO_ANSWER,
  uses: [],
  handler(): never {
    throw invalid('invalid channels.start channel')
  },
})

export const channelsStop = defineMethod({
  name: 'channels.stop',
  scope: 'operator.admin',
  hidden: true,
  summary: 'Stops a channel, or one account of it.',
  params: account,
  result: NO_ANSWER,
  uses: [],
  handler(): never {
    throw invalid('invalid channels.stop channel')
  },
})

export const channelsLogout = defineMethod({
  name: 'channels.logout',
  scope: 'operator.admin',
  hidden: true,
  summary: 'Forgets how an account of a channel is logged in.',
  params: account,
  result: NO_ANSWER,
  uses: [],
  handler(): never {
    throw invalid('invalid channels.logout channel')
  },
})

const request = { channel: text, accountId: text, requestId: text }
/** What a person who writes first can expect: so many wait for an answer, for so long. */
const LIMITS = { pendingPerAccount: 3, ttlMs: 60 * 60 * 1000 }

export const channelsPairingList = defineMethod({
  name: 'channels.pairing.list',
  scope: 'operator.pairing',
  summary: 'People who wrote to a channel, and wait to be let in.',
  params: z.strictObject({ channel: text.optional(), accountId: text.optional() }),
  result: z.strictObject({
    accounts: z.array(z.never()),
    requests: z.array(z.never()),
    commandOwnerConfigured: z.boolean(),
    limits: z.strictObject({ pendingPerAccount: z.int(), ttlMs: z.int() }),
  }),
  uses: [],
  handler({ channel }) {
    if (channel !== undefined) throw invalid(`unknown pairing channel: ${short(channel)}`)
    return { accounts: [], requests: [], commandOwnerConfigured: false, limits: LIMITS }
  },
})

export const channelsPairingApprove = defineMethod({
  name: 'channels.pairing.approve',
  scope: 'operator.pairing',
  hidden: true,
  elevate: ({ bootstrapCommandOwner }) => (bootstrapCommandOwner ? 'operator.admin' : null),
  summary: 'Lets somebody in who wrote to a channel.',
  params: z.strictObject({ ...request, notify: z.boolean().optional(), bootstrapCommandOwner: z.boolean().optional() }),
  result: NO_ANSWER,
  uses: [],
  handler({ channel }): never {
    throw invalid(`unknown pairing channel: ${short(channel)}`)
  },
})

export const channelsPairingDismiss = defineMethod({
  name: 'channels.pairing.dismiss',
  scope: 'operator.pairing',
  hidden: true,
  summary: 'Forgets the request of somebody who wrote to a channel.',
  params: z.strictObject(request),
  result: NO_ANSWER,
  uses: [],
  handler({ channel }): never {
    throw invalid(`unknown pairing channel: ${short(channel)}`)
  },
})

const NO_LOGIN = 'web login provider is not available'

export const webLoginStart = defineMethod({
  name: 'web.login.start',
  scope: 'operator.admin',
  hidden: true,
  summary: 'Begins the login of a channel that shows a code to scan.',
  params: z.strictObject({ force: z.boolean().optional(), timeoutMs: z.int().min(0).optional(), verbose: z.boolean().optional(), accountId: z.string().optional() }),
  result: NO_ANSWER,
  uses: [],
  handler(): never {
    throw invalid(NO_LOGIN)
  },
})

export const webLoginWait = defineMethod({
  name: 'web.login.wait',
  scope: 'operator.admin',
  hidden: true,
  summary: 'Waits until the code of a login was scanned.',
  params: z.strictObject({
    timeoutMs: z.int().min(0).optional(),
    accountId: z.string().optional(),
    currentQrDataUrl: z.string().max(16_384).regex(/^data:image\/png;base64,/).optional(),
  }),
  result: NO_ANSWER,
  uses: [],
  handler(): never {
    throw invalid(NO_LOGIN)
  },
})
