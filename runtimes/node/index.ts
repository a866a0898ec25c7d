// edgeclaw on Node: `node dist/node.js`. Compiling the code is a fifth of a start: what Node has compiled is kept in the
// caches of the user, and taken from there the next time. Without such a folder it is compiled each time.

import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

enableCompileCache(join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'edgeclaw'))
await import('./main.ts')
