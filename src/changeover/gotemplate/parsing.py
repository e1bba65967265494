"""Makes a tree of tokens, as Go's text/template/parse does: same rules, same words for what is wrong."""

from __future__ import annotations

from collections.abc import Container

from changeover.gotemplate import literals, nodes
from changeover.gotemplate.lexing import Source, Token, tokens
from changeover.gotemplate.nodes import Branch, Chain, Command, Identifier, Node, Operand, Pipe, Tree, Variable
from changeover.gotemplate.problem import TemplateProblem
from changeover.gotemplate.quoting import BadLiteral, quote, unquote

NESTING = 150
_OPERANDS = frozenset({"word", "string", "raw", "char", "number", "bool", "variable", "field", "dot"})


def parse_tree(source: Source, functions: Container[str]) -> Tree:
    """Parse a whole template; a function that `functions` does not hold is an error. Raises TemplateProblem."""
    parser = _Parser(source, functions)
    body, closing = parser.body(set())
    if closing:
        raise source.problem(f"unexpected {{{{{closing.text}}}}}", closing.position)
    return Tree(body, parser.definitions)


class _Parser:
    def __init__(self, source: Source, functions: Container[str]) -> None:
        self._source = source
        self._functions = functions
        self._tokens = list(tokens(source))
        self._at = 0
        self._variables = ["$"]
        self._depth = 0
        self._loops = 0
        self._open: list[Token] = []
        self.definitions: dict[str, list[Node]] = {}

    # --- tokens ---

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _peek_word(self) -> Token:
        while self._tokens[self._at].kind == "space":
            self._at += 1
        return self._tokens[self._at]

    def _next_word(self) -> Token:
        self._peek_word()
        return self._next()

    def _unexpected(self, token: Token, context: str) -> TemplateProblem:
        text = "EOF" if token.kind == "end" else f"<{token.text}>" if token.kind == "keyword" else quote(token.text)
        return self._source.problem(f"unexpected {text} in {context}", token.position)

    def _expect(self, kind: str, context: str) -> Token:
        token = self._next_word()
        if token.kind != kind:
            raise self._unexpected(token, context)
        return token

    def _deepen(self) -> None:
        self._depth += 1
        if self._depth > NESTING:
            raise self._source.problem(f"nested deeper than {NESTING}", self._peek().position)

    # --- bodies ---

    def body(self, stops: set[str]) -> tuple[list[Node], Token | None]:
        """Everything up to {{end}} or {{else}} (the second value) or the end of the text."""
        self._deepen()
        found: list[Node] = []
        while True:
            token = self._next()
            if token.kind == "text":
                found.append(nodes.Text(token.text, token.position))
            elif token.kind == "end":
                if stops:
                    opened = self._open[-1]
                    line = self._source.line_of(opened.position)
                    hint = f"the {{{{{opened.text}}}}} of line {line} has no {{{{end}}}}"
                    raise self._source.problem("unexpected EOF", token.position, hint=hint)
                self._depth -= 1
                return found, None
            else:
                node, closing = self._action()
                if closing:
                    self._depth -= 1
                    return found, closing
                if node:
                    found.append(node)

    def _action(self) -> tuple[Node | None, Token | None]:
        word = self._peek_word()
        if word.kind != "keyword" or word.text == "nil":
            mark = self._peek_word().position
            return nodes.Action(self._pipe("command", "right"), mark), None
        self._next()
        if word.text in {"end", "else"}:
            if word.text == "end":
                self._expect("right", "end")
            return None, word
        self._open.append(word)
        node = self._branch(word) if word.text in {"if", "with", "range"} else self._other(word)
        self._open.pop()
        return node, None

    def _other(self, word: Token) -> Node | None:
        if word.text in {"break", "continue"}:
            self._expect("right", f"{{{{{word.text}}}}}")
            if not self._loops:
                raise self._source.problem(f"{{{{{word.text}}}}} outside {{{{range}}}}", word.position)
            return nodes.Jump(word.text, word.position)
        if word.text == "define":
            self._define(self._name("define clause"))
            return None
        if word.text == "template":
            name = self._expect_name("template clause")
            pipe = None if self._peek_word().kind == "right" else self._pipe("template clause", "right")
            if pipe is None:
                self._next()
            return nodes.Call(name, pipe, word.position)
        name = self._expect_name("block clause")
        pipe = self._pipe("block clause", "right")
        self._define(name)
        return nodes.Call(name, pipe, word.position)

    def _define(self, name: str) -> None:
        outer, loops = self._variables, self._loops
        self._variables, self._loops = ["$"], 0
        body, closing = self.body({"end"})
        self._variables, self._loops = outer, loops
        if closing and closing.text != "end":
            raise self._source.problem(f"unexpected {{{{{closing.text}}}}} in define clause", closing.position)
        known = self.definitions.get(name)
        if known and _says_something(known) and _says_something(body):
            raise self._source.problem(
                f"template: multiple definition of template {quote(name)}", self._peek().position
            )
        if not known or _says_something(body):
            self.definitions[name] = body

    def _name(self, context: str) -> str:
        name = self._expect_name(context)
        self._expect("right", context)
        return name

    def _expect_name(self, context: str) -> str:
        token = self._next_word()
        if token.kind not in {"string", "raw"}:
            raise self._unexpected(token, context)
        return self._unquoted(token)

    def _branch(self, word: Token) -> Branch:
        variables = len(self._variables)
        pipe = self._pipe(word.text, "right")
        self._loops += word.text == "range"
        then, closing = self.body({"end", "else"})
        self._loops -= word.text == "range"
        otherwise: list[Node] | None = None
        if closing and closing.text == "else":
            otherwise = self._otherwise(word)
        del self._variables[variables:]
        return Branch(word.text, pipe, then, otherwise, word.position)

    def _otherwise(self, word: Token) -> list[Node]:
        following = self._peek_word()
        if following.kind == "keyword" and following.text == word.text and word.text != "range":
            self._next()
            self._depth += 1
            nested = self._branch(following)
            self._depth -= 1
            return [nested]
        self._expect("right", "else")
        body, closing = self.body({"end"})
        if closing and closing.text != "end":
            raise self._source.problem("expected end; found {{else}}", closing.position)
        return body

    # --- pipelines ---

    def _pipe(self, context: str, end: str) -> Pipe:
        self._deepen()
        pipe = Pipe([], self._peek_word().position)
        self._declarations(pipe, context)
        while True:
            token = self._next_word()
            closes = token.kind == "right" if end == "right" else token.text == ")" and token.kind == "sign"
            if closes:
                self._check(pipe, context, token)
                self._depth -= 1
                return pipe
            if token.kind in _OPERANDS or token.text in {"nil", "("}:
                self._at -= 1
                pipe.commands.append(self._command(end))
            else:
                raise self._unexpected(token, context)

    def _declarations(self, pipe: Pipe, context: str) -> None:
        while self._peek_word().kind == "variable":
            mark = self._at
            name = self._next().text
            following = self._peek_word()
            if following.kind == "declare" or following.text == "=":
                self._next()
                pipe.is_assignment = following.text == "="
                pipe.declared += (name,)
                if pipe.is_assignment:
                    self._use(name, following)
                self._variables.append(name)
                return
            if following.text == "," and context == "range" and len(pipe.declared) < 2:
                self._next()
                pipe.declared += (name,)
                self._variables.append(name)
                if self._peek_word().kind != "variable":
                    raise self._source.problem("range can only initialize variables", self._peek().position)
                continue
            if following.text == "," and following.kind == "sign":
                raise self._source.problem(f"too many declarations in {context}", following.position)
            self._at = mark
            return

    def _check(self, pipe: Pipe, context: str, token: Token) -> None:
        if not pipe.commands:
            raise self._source.problem(f"missing value for {context}", token.position)
        for number, command in enumerate(pipe.commands[1:], 2):
            if isinstance(command.arguments[0], nodes.Literal | nodes.Dot | nodes.Nil):
                reason = f"non executable command in pipeline stage {number}"
                raise self._source.problem(reason, command.position, str(pipe))

    def _command(self, end: str) -> Command:
        command = Command([], self._peek_word().position)
        while True:
            self._peek_word()
            operand = self._operand()
            if operand is not None:
                command.arguments.append(operand)
            token = self._next()
            if token.kind == "space":
                continue
            if token.kind == "right" or (token.kind == "sign" and token.text == ")" and end != "right"):
                self._at -= 1
            elif token.text != "|" or token.kind != "sign":
                raise self._unexpected(token, "operand")
            break
        if not command.arguments:
            raise self._source.problem("empty command", command.position)
        return command

    def _operand(self) -> Operand | None:
        node = self._term()
        if node is None or self._peek().kind != "field":
            return node
        fields: list[str] = []
        while self._peek().kind == "field":
            fields.append(self._next().text[1:])
        if isinstance(node, nodes.Field):
            return nodes.Field((*node.names, *fields), node.position)
        if isinstance(node, Variable):
            return Variable(node.name, (*node.fields, *fields), node.position)
        if isinstance(node, nodes.Literal | nodes.Nil | nodes.Dot):
            raise self._source.problem(f"unexpected . after term {quote(str(node))}", node.position)
        return Chain(node, tuple(fields), node.position)

    def _term(self) -> Operand | None:
        token = self._peek()
        self._at += 1
        match token.kind:
            case "word":
                if token.text not in self._functions:
                    raise self._source.problem(f"function {quote(token.text)} not defined", token.position)
                return Identifier(token.text, token.position)
            case "dot":
                return nodes.Dot(token.position)
            case "variable":
                self._use(token.text, token)
                return Variable(token.text, (), token.position)
            case "field":
                return nodes.Field((token.text[1:],), token.position)
            case "sign" if token.text == "(":
                return self._pipe("parenthesized pipeline", ")")
            case "keyword" if token.text == "nil":
                return nodes.Nil(token.position)
            case "string" | "raw" | "char" | "number" | "bool":
                return self._literal(token)
            case _:
                self._at -= 1
                return None

    def _literal(self, token: Token) -> nodes.Literal:
        if token.kind == "bool":
            return nodes.Literal(token.text == "true", token.text, token.position)
        if token.kind in {"string", "raw"}:
            return nodes.Literal(self._unquoted(token), token.text, token.position)
        try:
            return literals.number(token.text, token.position)
        except ValueError as error:
            raise self._source.problem(str(error), token.position) from None

    def _unquoted(self, token: Token) -> str:
        try:
            return unquote(token.text)
        except BadLiteral:
            raise self._source.problem("invalid syntax", token.position, token.text) from None

    def _use(self, name: str, token: Token) -> None:
        if name not in self._variables:
            raise self._source.problem(f"undefined variable {quote(name)}", token.position)


def _says_something(body: list[Node]) -> bool:
    return any(not isinstance(node, nodes.Text) or node.text.strip() for node in body)
