// edgeclaw on Bun.

import { describe } from 'vitest'
import { processSuite } from '../suites/process-suite.ts'

describe('bun runtimes/bun/index.ts', () => processSuite('bun'))
