// The tool with which an agent runs programs of the gateway's own machine. What is approved is what is run: the very
// arguments, in the very directory, with the very variables; a shell only where the arguments show one.

import * as z from 'zod'
import { invalid } from '../../protocol/errors.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import { within, type Clock } from '../../ports/clock.ts'
import type { CommandResult, Commands } from '../../ports/command.ts'
import type { AgentFiles } from '../conversation/agent-files.ts'
import { formatArgv } from '../conversation/approval-command.ts'
import { defineTool, Shown, type Tool, type ToolContext } from '../conversation/tools.ts'
import type { ConfigService } from '../operations/config.ts'

const DEFAULT_SECONDS = 120
const MAX_SECONDS = 3600
const MAX_OUTPUT_BYTES = 30_000
const MAX_WORDS = 1000

const params = z
  .strictObject({
    command: z.string().trim().min(1).max(64_000).optional().describe('Run by `sh -c`.'),
    argv: z.array(z.string()).min(1).max(MAX_WORDS).optional().describe('Run as it is, without a shell: the program and its arguments.'),
    workdir: z.string().min(1).optional().describe('Your workspace, if it is not said.'),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional(),
    timeout: z.int().min(1).max(MAX_SECONDS).optional().describe('Seconds.'),
  })
  .refine(({ command, argv }) => (command === undefined) !== (argv === undefined), 'give either command or argv')
type Params = z.output<typeof params>

/** They decide which code runs under a name that was approved. */
const CODE_VARIABLES = /^(?:PATH|LD_.*|DYLD_.*|NODE_OPTIONS|NODE_PATH|PYTHONPATH|PYTHONSTARTUP|PERL5LIB|PERL5OPT|RUBYOPT|RUBYLIB|BASH_ENV|ENV|IFS|SHELLOPTS|PROMPT_COMMAND|GIT_.*|JAVA_TOOL_OPTIONS)$/i

export function createExecTool(deps: { commands: Commands | undefined; files: AgentFiles; config: Pick<ConfigService, 'current'>; clock: Clock }): Tool {
  const { commands, files, config, clock } = deps
  const settings = () => config.current.tools?.exec
  const argvOf = ({ command, argv }: Params): readonly string[] => argv ?? ['sh', '-c', command!]
  const cwdOf = ({ workdir = '.' }: Params, { sessionKey }: ToolContext) => commands!.resolve(files.rootOf(splitSessionKey(sessionKey)?.agentId ?? 'main'), workdir)

  function checkEnv(env: Params['env']) {
    const found = Object.keys(env ?? {}).find((name) => CODE_VARIABLES.test(name))
    if (found !== undefined) throw invalid(`the variable ${found} cannot be set: it decides which code is run`)
  }

  return defineTool({
    name: 'exec',
    description: 'Runs a program of the machine that this gateway runs on, in your workspace, and shows what it says. A person may have to allow it first.',
    group: 'runtime',
    scope: 'operator.write',
    timeoutMs: (MAX_SECONDS + 10) * 1000,
    isThere: () => commands !== undefined && settings()?.security !== 'deny',
    params,
    approval(wanted, context) {
      checkEnv(wanted.env)
      const argv = argvOf(wanted)
      const { security = 'allowlist', ask = 'on-miss' } = settings() ?? {}
      return {
        kind: 'exec',
        host: 'gateway',
        command: wanted.command ?? formatArgv(argv),
        commandArgv: argv,
        cwd: cwdOf(wanted, context),
        env: wanted.env,
        resolvedPath: commands!.find(argv[0]!),
        security,
        ask,
      }
    },
    async run(wanted, context) {
      checkEnv(wanted.env)
      const seconds = wanted.timeout ?? settings()?.timeoutSec ?? DEFAULT_SECONDS
      const spec = { argv: argvOf(wanted), cwd: cwdOf(wanted, context), makesCwd: wanted.workdir === undefined, maxBytes: MAX_OUTPUT_BYTES, ...(wanted.env && { env: wanted.env }) }
      let isLate = true as boolean
      const work = async (signal: AbortSignal) => {
        const result = await commands!.run(spec, signal, context.onProgress).finally(() => (isLate &&= signal.aborted))
        return show(result)
      }
      return within(clock, seconds * 1000, context.signal, work).catch((error: unknown) => {
        if (isLate && !context.signal.aborted) throw invalid(`it took longer than ${seconds} seconds, and was ended`)
        throw error
      })
    },
  })
}

function show({ exitCode, signal, stdout, stderr, truncated }: CommandResult): Shown {
  const parts = [stdout.trimEnd(), ...(stderr.trim() === '' ? [] : [`[stderr]\n${stderr.trimEnd()}`]), ...(truncated ? ['[it said more, which was dropped]'] : [])]
  const ending = exitCode === 0 ? [] : [`[it ended with ${signal ?? exitCode}]`]
  const text = [...parts, ...ending].filter((part) => part !== '').join('\n')
  return new Shown(text === '' ? '(no output)' : text, { details: { exitCode, signal, stdout, stderr, truncated }, isError: exitCode !== 0 })
}
