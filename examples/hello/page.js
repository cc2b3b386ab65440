/** The page; the browser keeps it up to date through `/clock`, across deployments. */
export const page = ({ version, deployment, port, pid }) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>hello</title>
<style>
  :root { color-scheme: light dark; --ink: #14213d; --paper: #f6f4ee; --line: #d9d4c7; --accent: #0f7b6c }
  @media (prefers-color-scheme: dark) { :root { --ink: #ece8df; --paper: #14161a; --line: #33363d; --accent: #4fc3ae } }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
    font: 17px/1.55 ui-sans-serif, system-ui, sans-serif }
  main { width: min(34rem, 90vw) }
  h1 { font-size: 3.2rem; letter-spacing: -.03em; margin: 0 }
  h1 span { color: var(--accent) }
  p { margin: .4rem 0 2rem }
  dl { display: grid; grid-template-columns: 1fr 1fr; margin: 0; border-top: 1px solid var(--line) }
  dl div { padding: .8rem 0; border-bottom: 1px solid var(--line) }
  dt { font-size: .8rem; opacity: .65 }
  dd { margin: 0; font: 1.4rem ui-monospace, monospace; font-variant-numeric: tabular-nums }
  code { font: .95em ui-monospace, monospace }
</style>
</head>
<body>
<main>
  <h1>hello<span>.</span></h1>
  <p>This page was deployed by Sluice. Change <code>page.js</code>, commit, run <code>sluice deploy hello</code>,
    and watch the numbers below change without a failed request.</p>
  <dl>
    <div><dt>Version</dt><dd id="version">${version}</dd></div>
    <div><dt>Deployment</dt><dd id="deployment">${deployment}</dd></div>
    <div><dt>Up for</dt><dd id="uptime">0 s</dd></div>
    <div><dt>Process, port</dt><dd>${pid}, ${port}</dd></div>
  </dl>
</main>
<script>
  const shown = document.getElementById('deployment').textContent
  const clock = new EventSource('/clock')
  clock.onmessage = ({ data }) => {
    const { uptime, deployment, version } = JSON.parse(data)
    if (deployment !== shown) return location.reload()
    document.getElementById('version').textContent = version
    document.getElementById('uptime').textContent = uptime + ' s'
  }
</script>
</body>
</html>
`
