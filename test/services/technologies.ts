/** A tiny server for each technology that answers `hello from <id>`; built with nothing but the toolchain itself. */
export interface TechnologyService {
  id: string
  /** Program without which it cannot be built; the others need only what runs the tests. */
  needs?: string
  technology: string
  compiled?: boolean
  files: Record<string, string>
}

const flask = (id: string) => `import flask
app = flask.Flask(__name__)
@app.get('/')
def hello():
    return 'hello from ${id}'
`

const wsgi = (id: string) => `import os
from wsgiref.simple_server import make_server

def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'hello from ${id}']

if __name__ == '__main__':
    make_server(os.environ['HOST'], int(os.environ['PORT']), app).serve_forever()
`

const go = `package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello from go") })
	panic(http.ListenAndServe(os.Getenv("HOST")+":"+os.Getenv("PORT"), nil))
}
`

const rust = `use std::io::{Read, Write};

fn main() {
    let address = format!("{}:{}", std::env::var("HOST").unwrap(), std::env::var("PORT").unwrap());
    for stream in std::net::TcpListener::bind(address).unwrap().incoming() {
        let mut stream = stream.unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\\r\\nContent-Length: 15\\r\\nConnection: close\\r\\n\\r\\nhello from rust");
    }
}
`

const java = `import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

public class Main {
  public static void main(String[] arguments) throws Exception {
    InetSocketAddress address =
        new InetSocketAddress(System.getenv("HOST"), Integer.parseInt(System.getenv("PORT")));
    HttpServer server = HttpServer.create(address, 0);
    server.createContext("/", exchange -> {
      byte[] body = "hello from maven".getBytes();
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
  }
}
`

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId>
  <artifactId>hello</artifactId>
  <version>1.0</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <build>
    <plugins>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-jar-plugin</artifactId>
        <configuration><archive><manifest><mainClass>Main</mainClass></manifest></archive></configuration>
      </plugin>
    </plugins>
  </build>
</project>
`

/** Makes the text that the back end beside it serves: proves which of the two was built first. */
const assetBuild = `require('node:fs').writeFileSync('built.txt', 'hello from mixed')\n`
const mixed = `import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(open('built.txt', 'rb').read())
http.server.HTTPServer((os.environ['HOST'], int(os.environ['PORT'])), Handler).serve_forever()
`

export const technologyServices: readonly TechnologyService[] = [
  { id: 'static', technology: 'static', files: { 'index.html': 'hello from static' } },
  {
    id: 'flask',
    needs: 'python3',
    technology: 'python',
    files: { 'requirements.txt': 'flask\nwaitress\n', 'app.py': flask('flask') },
  },
  {
    id: 'uv',
    needs: 'python3',
    technology: 'python',
    files: {
      'pyproject.toml': '[project]\nname = "hello"\nversion = "1"\nrequires-python = ">=3.9"\n',
      'uv.lock':
        'version = 1\nrequires-python = ">=3.9"\n\n[[package]]\nname = "hello"\nversion = "1"\nsource = { virtual = "." }\n',
      'main.py': wsgi('uv'),
    },
  },
  {
    id: 'mixed',
    needs: 'python3',
    technology: 'python',
    files: {
      'requirements.txt': '',
      'server.py': mixed,
      'package.json': '{"scripts": {"build": "node build.cjs"}}',
      'build.cjs': assetBuild,
    },
  },
  {
    id: 'go',
    compiled: true,
    needs: 'go',
    technology: 'go',
    files: {
      'go.mod': 'module example.org/hello\n\ngo 1.20\n',
      'cmd/hello/main.go': go,
      Procfile: 'web: hello\n',
    },
  },
  {
    id: 'rust',
    compiled: true,
    needs: 'cargo',
    technology: 'rust',
    files: {
      'Cargo.toml': '[package]\nname = "hello"\nversion = "1.0.0"\nedition = "2021"\n',
      'Cargo.lock': 'version = 3\n\n[[package]]\nname = "hello"\nversion = "1.0.0"\n',
      'src/main.rs': rust,
    },
  },
  {
    id: 'maven',
    compiled: true,
    needs: 'mvn',
    technology: 'java',
    files: { 'pom.xml': pom, 'src/main/java/Main.java': java },
  },
]
