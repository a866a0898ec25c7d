// Mappings that come with a name: whoever wants one of them writes its name, and what only they know.

import type { HookMapping, HooksConfig } from './hook-settings.ts'

export type HookPreset = 'github' | 'gmail'

/** Those that the configuration wants. Its own go before them. */
export const presetsOf = ({ presets = [], github, gmail }: HooksConfig): HookMapping[] =>
  presets.map((preset) => (preset === 'github' ? githubMapping(github?.secret ?? '') : gmail?.audience === undefined ? GMAIL_FORWARDED : GMAIL_PUSHED))

export const GMAIL_ID = 'gmail'

const githubMapping = (secret: string): HookMapping => ({
  id: 'github',
  action: 'agent',
  name: 'GitHub',
  verify: { header: 'x-hub-signature-256', secret, prefix: 'sha256=' },
  deliveryHeader: 'x-github-delivery',
  sessionKey: 'hook:github:{{repository.full_name}}',
  messageTemplate: 'GitHub says "{{headers.x-github-event}}" ({{action}}) of {{repository.full_name}}, by {{sender.login}}.\n\n{{issue.title}}{{pull_request.title}}{{head_commit.message}}\n\n{{body}}',
})

/** Pub/Sub of Google pushes it here, with a token that Google has signed: `emailAddress` and `historyId`, in base64. */
const GMAIL_PUSHED: HookMapping = {
  id: GMAIL_ID,
  action: 'wake',
  name: 'Gmail',
  textTemplate: 'Gmail tells of new mail (message {{message.messageId}}): {{message.data}}',
  deliveryPath: 'message.messageId',
}

/** A program that watches the mailbox forwards the messages, with the token of the hooks. */
const GMAIL_FORWARDED: HookMapping = {
  id: GMAIL_ID,
  action: 'agent',
  name: 'Gmail',
  forEach: 'messages',
  sessionKey: 'hook:gmail:{{messages[0].id}}',
  messageTemplate: 'New mail from {{messages[0].from}}\nSubject: {{messages[0].subject}}\n{{messages[0].snippet}}\n{{messages[0].body}}',
}
