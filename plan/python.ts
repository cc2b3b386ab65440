import type { Detector } from './detection.ts'
import { pythonStart } from './python/frameworks.ts'
import { pythonInstall } from './python/install.ts'
import { pythonProject } from './python/project.ts'
import { pythonTree } from './python/tree.ts'
import { pythonTool } from './python/python-version.ts'

/** Python: whatever package manager and framework, always in a `.venv` of the release. */
export const python: Detector = {
  technology: 'python',
  detect(folder) {
    const project = pythonProject(folder)
    if (!project) return undefined
    const version = pythonTool(folder, project)
    const { install, tools, warnings } = pythonInstall(folder, project)
    const { tree, noTree } = pythonTree(folder, project)
    const { start, noStart, build, suggestions, framework, warnings: ofStart } = pythonStart(folder, project)
    return {
      technology: 'python',
      reasons: [
        `${project.file}: a Python project`,
        ...(framework ? [`${framework} was recognised`] : []),
        ...(noTree === undefined ? [] : [`packages are installed anew in each deployment: ${noTree}`]),
      ],
      warnings: [...project.warnings, ...version.warnings, ...warnings],
      startWarnings: ofStart,
      install,
      ...(tree ? { tree } : {}),
      build,
      start,
      ...(noStart === undefined ? {} : { noStart }),
      tools: [version.tool, ...tools],
      path: ['.venv/bin'],
      // What it prints shall be in the log when it was printed.
      environment: { PYTHONUNBUFFERED: '1' },
      buildEnvironment: {
        PYTHONUNBUFFERED: '1',
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
        UV_PYTHON_DOWNLOADS: 'never',
        POETRY_VIRTUALENVS_IN_PROJECT: 'true',
        PIPENV_VENV_IN_PROJECT: '1',
      },
      suggestions,
    }
  },
}
