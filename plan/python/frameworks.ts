import { shellWord } from '../detection.ts'
import type { PlannedCommand } from '../detection.ts'
import type { Folder } from '../folder.ts'
import type { PythonProject } from './project.ts'

export interface PythonStart {
  framework: string | undefined
  start: PlannedCommand | null
  noStart?: string
  build: PlannedCommand | null
  suggestions: PlannedCommand[]
  warnings: string[]
}

const textLimit = 64 * 1024
/** Where people put their application, most telling first. */
export const moduleFiles: readonly string[] = [
  'wsgi.py',
  'asgi.py',
  'main.py',
  'app.py',
  'application.py',
  'server.py',
  'api.py',
]
const places: readonly string[] = ['', 'app/', 'src/', 'api/', 'src/app/']
const moduleOf = (file: string): string =>
  file
    .replace(/\.py$/, '')
    .replace(/\/__init__$/, '')
    .replaceAll('/', '.')

/** Django first: its projects often hold an `app.py` of something else as well. */
export function pythonStart(folder: Folder, project: PythonProject): PythonStart {
  const { dependencies } = project
  if (folder.has('manage.py') && (dependencies.has('django') || djangoModule(folder) !== undefined))
    return django(folder, project)
  const suggestions = alembic(folder, project)
  const nothing = { build: null, suggestions, warnings: [] }
  const files = places.flatMap((place) => [...moduleFiles, '__init__.py'].map((file) => place + file))
  for (const [kind, pattern] of applications) {
    for (const file of files.filter((one) => folder.has(one))) {
      const text = (folder.text(file) ?? '').slice(0, textLimit)
      const name = pattern.exec(text)?.[1]
      if (name !== undefined) return { ...served(kind, file, name, project), build: null, suggestions }
    }
  }
  if (dependencies.has('streamlit')) {
    const file = folder.first('streamlit_app.py', 'app.py', 'main.py')
    if (file) {
      const command = `streamlit run ${file} --server.address "$HOST" --server.port "$PORT" --server.headless true`
      return {
        framework: 'Streamlit',
        start: { command, reason: `Streamlit is a dependency and ${file} is there` },
        ...nothing,
      }
    }
  }
  const script = folder.first('main.py', 'app.py', 'server.py', 'run.py')
  if (script) {
    const start = { command: `python ${shellWord(script)}`, reason: `${script}; no framework was recognised` }
    return { framework: undefined, start, ...nothing }
  }
  const noStart =
    'there is no application object in the usual files (wsgi.py, main.py, app.py) and no manage.py'
  return { framework: undefined, start: null, noStart, ...nothing }
}

type Kind = 'Flask' | 'FastAPI' | 'Starlette' | 'ASGI' | 'WSGI'
const applications: readonly (readonly [Kind, RegExp])[] = [
  ['FastAPI', /^([A-Za-z_]\w{0,40})(?::\s?FastAPI)?\s?=\s?(?:fastapi\.)?FastAPI\(/m],
  ['Starlette', /^([A-Za-z_]\w{0,40})\s?=\s?Starlette\(/m],
  ['Flask', /^([A-Za-z_]\w{0,40})(?::\s?Flask)?\s?=\s?(?:flask\.)?Flask\(/m],
  ['Flask', /^def (create_app|make_app)\(/m],
  ['ASGI', /^async def (application|app)\(\s?scope,/m],
  ['WSGI', /^def (application|app)\(\s?environ,/m],
  ['WSGI', /^(application)\s?=/m],
]

function served(kind: Kind, file: string, name: string, { dependencies }: PythonProject) {
  const folder = file.startsWith('src/') ? 'src' : undefined
  const target = `${moduleOf(folder ? file.slice(4) : file)}:${/^(create|make)_app$/.test(name) ? `'${name}()'` : name}`
  const why = (server: string) => `${kind} in ${file}${server === '' ? '' : `; ${server} is a dependency`}`
  const inFolder = (flag: string) => (folder ? ` ${flag} ${folder}` : '')
  const start = (command: string, server: string) => ({ command, reason: why(server) })
  const asynchronous = kind === 'FastAPI' || kind === 'Starlette' || kind === 'ASGI'
  const framework = kind
  if (asynchronous) {
    if (dependencies.has('uvicorn') || dependencies.has('fastapi-cli'))
      return {
        framework,
        start: start(`uvicorn ${target} --host "$HOST" --port "$PORT"${inFolder('--app-dir')}`, 'uvicorn'),
        warnings: [],
      }
    if (dependencies.has('hypercorn'))
      return {
        framework,
        start: start(`hypercorn ${target} --bind "$HOST:$PORT"`, 'hypercorn'),
        warnings: [],
      }
    return {
      framework,
      start: null,
      noStart: `${kind} in ${file} needs a server: add uvicorn to the dependencies`,
      warnings: [],
    }
  }
  if (dependencies.has('gunicorn'))
    return {
      framework,
      start: start(`gunicorn --bind "$HOST:$PORT"${inFolder('--chdir')} ${target}`, 'gunicorn'),
      warnings: [],
    }
  if (dependencies.has('waitress'))
    return {
      framework,
      start: start(`waitress-serve --listen="$HOST:$PORT" ${target}`, 'waitress'),
      warnings: [],
    }
  if (kind === 'Flask')
    return {
      framework,
      start: start(`flask --app ${moduleOf(file)} run --host "$HOST" --port "$PORT"`, ''),
      warnings: ['Flask is started with its server for development: add gunicorn to the dependencies.'],
    }
  if (/(?:^|\/)(main|app|server)\.py$/.test(file))
    return {
      framework: undefined,
      start: { command: `python ${shellWord(file)}`, reason: `${file}; no server is a dependency` },
      warnings: [],
    }
  return {
    framework,
    start: null,
    noStart: `${file} needs a server: add gunicorn to the dependencies`,
    warnings: [],
  }
}

/** `mysite` of `DJANGO_SETTINGS_MODULE = mysite.settings`. */
function djangoModule(folder: Folder): string | undefined {
  const text = (folder.text('manage.py') ?? '').slice(0, textLimit)
  return /DJANGO_SETTINGS_MODULE['"],\s{0,9}['"]([A-Za-z_][\w.]{0,100})['"]/.exec(text)?.[1]
}

function django(folder: Folder, { dependencies, file }: PythonProject): PythonStart {
  const settings = djangoModule(folder)
  const settingsFile =
    settings &&
    folder.first(`${settings.replaceAll('.', '/')}.py`, `${settings.replaceAll('.', '/')}/__init__.py`)
  const text = (settingsFile === undefined ? '' : (folder.text(settingsFile) ?? '')).slice(0, textLimit)
  const written = /^WSGI_APPLICATION\s?=\s?['"]([A-Za-z_][\w.]{0,100})\.(\w{1,40})['"]/m.exec(text)
  const found = folder.paths().find((path) => /^[^/]+\/wsgi\.py$/.test(path))
  const target = written ? `${written[1]}:${written[2]}` : found && `${moduleOf(found)}:application`
  const where = written ? `WSGI_APPLICATION in ${settingsFile}` : (found ?? '')
  const suggestions = [
    {
      command: 'python manage.py migrate --noinput',
      reason: 'Django keeps its migrations there; for hooks.migrate',
    },
  ]
  const build = /^STATIC_ROOT\s?=/m.test(text)
    ? { command: 'python manage.py collectstatic --noinput', reason: `STATIC_ROOT in ${settingsFile}` }
    : null
  const common = { framework: 'Django', build, suggestions }
  if (target && dependencies.has('gunicorn'))
    return {
      ...common,
      start: { command: `gunicorn --bind "$HOST:$PORT" ${target}`, reason: `Django, by ${where}` },
      warnings: [],
    }
  const command = 'python manage.py runserver --noreload "$HOST:$PORT"'
  const why = target ? `${file} does not list gunicorn` : 'no wsgi.py was found'
  return {
    ...common,
    start: { command, reason: `Django; ${why}` },
    warnings: [
      `Django is started with its server for development: ${target ? 'add gunicorn to the dependencies' : 'set start'}.`,
    ],
  }
}

function alembic(folder: Folder, { dependencies }: PythonProject): PlannedCommand[] {
  if (dependencies.has('flask-migrate'))
    return [{ command: 'flask db upgrade', reason: 'Flask-Migrate is a dependency; for hooks.migrate' }]
  return folder.has('alembic.ini')
    ? [{ command: 'alembic upgrade head', reason: 'alembic.ini; for hooks.migrate' }]
    : []
}
