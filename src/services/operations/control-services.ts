// What the gateway is set up with and looked after by: the form of its configuration, the setup, updates, secrets.

import type { Model, ModelProvider } from '../../ports/model.ts'
import type { ConversationServices } from '../conversation/services.ts'
import type { Ground } from '../ground.ts'
import { createBuiltinParts, type BuiltinParts } from './builtin-parts.ts'
import type { ConfigDocument } from './config-document.ts'
import { createDesktop, type Desktop } from './desktop.ts'
import { createSecrets, type Secrets } from './secrets.ts'
import type { Settings } from './settings-services.ts'
import { createUpdates, type Updates } from './updates.ts'
import { createWizard, type Wizard } from './wizard.ts'

export interface ControlServices {
  readonly builtinParts: BuiltinParts
  /** Loaded when it is asked for first: a gateway that nobody configures does not need it. */
  readonly configDocument: () => Promise<ConfigDocument>
  readonly desktop: Desktop
  readonly secrets: Secrets
  readonly updates: Updates
  readonly wizard: Wizard
}

export function createControlServices(
  ground: Ground,
  version: string,
  settings: Settings,
  conversation: ConversationServices,
  wires: { readonly providers: readonly ModelProvider[]; readonly builtin: Model },
): ControlServices {
  const { platform, host, log } = ground
  const { sql, clock, env } = platform
  const { config, configWriter: writer, runtime, restart } = settings
  const { models, modelProbe: probe } = conversation
  let document: Promise<ConfigDocument> | null = null
  const loadDocument = async () => (await import('./config-document.ts')).createConfigDocument({ version, clock })
  return {
    builtinParts: createBuiltinParts({ version, host, ...wires }),
    configDocument: () => (document ??= loadDocument()),
    desktop: createDesktop(host),
    secrets: createSecrets({ config, env }),
    updates: createUpdates({ config, host, restart, clock, log: log.child('updates') }),
    wizard: createWizard({ ...ground, sql, clock, env, config, runtime, writer, models, probe }),
  }
}
