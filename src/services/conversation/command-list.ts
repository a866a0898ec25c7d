// The commands of messages, as lists show them.

import type { Scope } from '../../protocol/scopes.ts'

export type CommandName =
  | 'help'
  | 'commands'
  | 'status'
  | 'whoami'
  | 'tools'
  | 'stop'
  | 'reset'
  | 'new'
  | 'name'
  | 'model'
  | 'models'
  | 'approve'

export interface CommandArgument {
  readonly name: string
  readonly description: string
  readonly required?: boolean
  readonly choices?: readonly string[]
}

export interface Command {
  readonly name: CommandName
  readonly aliases: readonly string[]
  readonly description: string
  readonly category: 'session' | 'options' | 'status' | 'management'
  readonly acceptsArgs: boolean
  readonly args: readonly CommandArgument[]
  /** What it needs beyond being allowed to send messages. */
  readonly scope: Scope | null
  /** Starts the conversation anew; what stands behind it is its first message. */
  readonly resets: boolean
}

const command = (name: CommandName, category: Command['category'], description: string, more: Partial<Command> = {}): Command => ({
  name,
  category,
  description,
  aliases: [],
  acceptsArgs: (more.args?.length ?? 0) > 0,
  args: [],
  scope: null,
  resets: false,
  ...more,
})

const DECISIONS = ['allow-once', 'allow-always', 'deny']

export const COMMANDS: readonly Command[] = [
  command('help', 'status', 'Show available commands.'),
  command('commands', 'status', 'List all slash commands.'),
  command('status', 'status', 'Show current status.'),
  command('whoami', 'status', 'Show who you are here.', { aliases: ['id'] }),
  command('tools', 'status', 'List available runtime tools.'),
  command('stop', 'session', 'Stop the current run.'),
  command('reset', 'session', 'Reset the current session.', { acceptsArgs: true, scope: 'operator.admin', resets: true }),
  command('new', 'session', 'Start a new session.', { acceptsArgs: true, scope: 'operator.admin', resets: true }),
  command('name', 'session', 'Name or rename the current session.', { args: [{ name: 'title', description: 'New session name' }] }),
  command('model', 'options', 'Show or set the model of this session.', {
    args: [{ name: 'model', description: 'provider/model, or default' }],
  }),
  command('models', 'options', 'List the models that can be used.'),
  command('approve', 'management', 'Decide on something that waits for a person.', {
    scope: 'operator.approvals',
    args: [
      { name: 'id', description: 'Of the approval', required: true },
      { name: 'decision', description: 'What is decided', required: true, choices: DECISIONS },
    ],
  }),
]
