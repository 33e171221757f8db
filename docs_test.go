package ttydeck

import (
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// public lists the directories of the packages that other programs may import.
func public(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(".", func(dir string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case dir == ".":
			return nil
		case strings.HasPrefix(d.Name(), "."), d.Name() == "testdata", d.Name() == "internal", d.Name() == "out", dir == "cmd", dir == "bench":
			return filepath.SkipDir
		}
		if pkg, err := build.ImportDir(dir, 0); err == nil && pkg.Name != "main" {
			dirs = append(dirs, filepath.ToSlash(dir))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) < 10 {
		t.Fatalf("found %d packages, %q; want all", len(dirs), dirs)
	}
	return dirs
}

// The package documentation names every package.
func TestPackageList(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range public(t) {
		if !strings.Contains(string(text), "["+module+"/"+dir+"]") {
			t.Errorf("doc.go does not list %s", dir)
		}
		if !strings.Contains(string(readme), "]("+dir+")") {
			t.Errorf("README.md does not list %s", dir)
		}
	}
}

// Every exported symbol is documented: types, functions, methods, constants,
// variables, fields and the methods of interfaces. Constants and variables may
// share a comment. So may fields, if the comment names them: "First and Last
// are ...".
func TestExportedDocumented(t *testing.T) {
	symbols := 0
	for _, dir := range public(t) {
		files := token.NewFileSet()
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		var parsed []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(files, name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, f)
		}
		missing := func(pos token.Pos, what string) { t.Errorf("%s: %s has no comment", files.Position(pos), what) }
		packageDoc := false
		for _, f := range parsed {
			packageDoc = packageDoc || f.Doc.Text() != ""
			for _, decl := range f.Decls {
				switch decl := decl.(type) {
				case *ast.FuncDecl:
					if !decl.Name.IsExported() || decl.Recv != nil && !ast.IsExported(receiver(decl)) {
						continue
					}
					symbols++
					if decl.Doc.Text() == "" {
						missing(decl.Pos(), "func "+decl.Name.Name)
					}
				case *ast.GenDecl:
					for _, spec := range decl.Specs {
						switch spec := spec.(type) {
						case *ast.ValueSpec:
							for _, name := range spec.Names {
								if !name.IsExported() {
									continue
								}
								symbols++
								if decl.Doc.Text() == "" && spec.Doc.Text() == "" && spec.Comment.Text() == "" {
									missing(name.Pos(), name.Name)
								}
							}
						case *ast.TypeSpec:
							if !spec.Name.IsExported() {
								continue
							}
							symbols++
							if decl.Doc.Text() == "" && spec.Doc.Text() == "" {
								missing(spec.Pos(), "type "+spec.Name.Name)
							}
							symbols += membersDocumented(spec, missing)
						}
					}
				}
			}
		}
		if !packageDoc {
			t.Errorf("%s: the package has no comment", dir)
		}
	}
	if symbols < 500 {
		t.Errorf("checked %d symbols; want all of them", symbols)
	}
}

func receiver(decl *ast.FuncDecl) string {
	typ := decl.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// membersDocumented checks the fields of a struct, or the methods of an
// interface, and returns how many are exported.
func membersDocumented(spec *ast.TypeSpec, missing func(token.Pos, string)) (n int) {
	var list *ast.FieldList
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		list = typ.Fields
	case *ast.InterfaceType:
		list = typ.Methods
	default:
		return 0
	}
	above := "" // the last comment above a field
	for _, field := range list.List {
		if text := field.Doc.Text(); text != "" {
			above = text
		}
		for _, name := range field.Names {
			if !name.IsExported() {
				continue
			}
			n++
			shared := strings.Contains(above, name.Name+" and ") || strings.Contains(above, " and "+name.Name+" ")
			if field.Doc.Text() == "" && field.Comment.Text() == "" && !shared {
				missing(name.Pos(), spec.Name.Name+"."+name.Name)
			}
		}
	}
	return n
}

// Every package that a program may start from has an Example with output, which
// go test compiles and runs.
func TestExamples(t *testing.T) {
	for _, dir := range []string{"format", "edit", "edit/redact", "vt", "record", "live", "play", "convert", "convert/transcript"} {
		names, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		var parsed []*ast.File
		for _, name := range names {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, f)
		}
		run := 0
		for _, x := range doc.Examples(parsed...) {
			if x.Output != "" || x.EmptyOutput {
				run++
			}
		}
		if run == 0 {
			t.Errorf("%s has no Example with output", dir)
		}
	}
}
