// Decides requests: a JSON list on standard input, a JSON list of {allowed, problem, ignored} on standard output.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(process.argv[2] + '/')
const { runSimulation } = await import(pathToFileURL(require.resolve('@cloud-copilot/iam-simulate')))

async function decided({ identity, resourcePolicy, request }) {
  const simulation = {
    identityPolicies: identity ? [{ name: 'given', policy: { Version: '2012-10-17', Statement: identity } }] : [],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(resourcePolicy ? { resourcePolicy } : {}),
    request,
  }
  const result = await runSimulation(simulation, {})
  if (result.resultType === 'error') return { allowed: false, problem: JSON.stringify(result.errors), ignored: [] }
  const ignored = result.result?.ignoredContextKeys ?? []
  return { allowed: result.overallResult === 'Allowed', problem: '', ignored }
}

const answers = []
for (const asked of JSON.parse(readFileSync(0, 'utf8'))) answers.push(await decided(asked))
process.stdout.write(JSON.stringify(answers))
