module {{ cookiecutter.name }}

go 1.24
